//! `review.csv`: what a reader of a run's ECGs thinks of them, a row an ECG and label.
//!
//! A row names what the reader was asked about: the truth of a label, or, where that is not known, the model's decision; of an exam that was
//! set aside, the reason. So a verdict keeps its meaning when the run changes. The file belongs to the reader and not to a stage: it
//! lies beside the stages' directories, and no stage writes it; evaluate takes it as a second truth.

use crate::columns::{EXAM_ID, IDX, SAVE_FILE, SOURCE};
use crate::error::{Error, Result};
use crate::pandas::{Cell, RowWriter};
use crate::presence::exists;
use crate::stage::UNFINISHED;
use crate::table::{self, Column, ColumnKind};
use ecgfm_system::replace::{TemporaryName, WrittenFile, replace_file};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// File name inside the run's directory.
pub const FILE: &str = "review.csv";

/// Name, inside the run's directory, of the file that whoever writes the reviews holds a lock on.
pub const LOCK_FILE: &str = ".review.csv.lock";

const LABEL: &str = "label";
const ABOUT: &str = "about";
const STATED: &str = "stated";
const VERDICT: &str = "verdict";
const NOTE: &str = "note";
const TIME: &str = "time";

/// Columns, in order.
pub const COLUMNS: [&str; 10] = [
    IDX, EXAM_ID, SAVE_FILE, SOURCE, LABEL, ABOUT, STATED, VERDICT, NOTE, TIME,
];

/// What a reader was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Truth of a label, as the labels stage has it.
    Truth,
    /// Decision of the model on a label.
    Decision,
    /// Reason why an exam was set aside.
    Rejection,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 3] = [Self::Truth, Self::Decision, Self::Rejection];

    /// The word written into the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Truth => "truth",
            Self::Decision => "decision",
            Self::Rejection => "rejection",
        }
    }
}

/// What a reader thinks of what is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is so.
    Agree,
    /// It is not so.
    Disagree,
    /// This ECG does not tell.
    Unsure,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 3] = [Self::Agree, Self::Disagree, Self::Unsure];

    /// The word written into the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Disagree => "disagree",
            Self::Unsure => "unsure",
        }
    }
}

/// A reader's verdict on an ECG, or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Row number in the raw table; none of an exam that was set aside.
    pub idx: Option<i64>,
    /// Number of the exam, as in the exam table.
    pub exam_id: String,
    /// File name of the recording; empty of an exam that was set aside.
    pub save_file: String,
    /// Archive that the exam is of; empty where the run has one archive only and does not name it.
    pub source: String,
    /// Label; empty where the subject is a rejection.
    pub label: String,
    /// What the reader was asked about.
    pub about: Subject,
    /// What was stated: `True` or `False` of a label, the reason of a rejection.
    pub stated: String,
    /// Verdict; none where there is only a note.
    pub verdict: Option<Verdict>,
    /// A note in the reader's words.
    pub note: String,
    /// When, RFC 3339, UTC.
    pub time: String,
}

impl Review {
    /// Says if the label holds, as the reader has it; none where they are unsure, wrote a note only, or were asked about no label.
    pub fn says(&self) -> Option<bool> {
        let stated = stated_truth(&self.stated).filter(|_| self.about != Subject::Rejection)?;
        match self.verdict? {
            Verdict::Agree => Some(stated),
            Verdict::Disagree => Some(!stated),
            Verdict::Unsure => None,
        }
    }

    /// True where the other is about the same label, or rejection, of the same ECG.
    pub fn is_about_same(&self, other: &Self) -> bool {
        let key = |r: &Self| (r.about == Subject::Rejection, r.idx);
        let texts = |r: &Self| {
            [
                r.source.clone(),
                r.exam_id.clone(),
                r.save_file.clone(),
                r.label.clone(),
            ]
        };
        key(self) == key(other) && texts(self) == texts(other)
    }
}

/// What was stated of a label.
fn stated_truth(text: &str) -> Option<bool> {
    [("True", true), ("False", false)]
        .into_iter()
        .find_map(|(word, holds)| (word == text).then_some(holds))
}

/// Reads the reviews at `path`; none where there is no such file.
///
/// # Errors
/// The file cannot be read, lacks a column, or a cell of `about`, `stated` or `verdict` is none of the words it may be.
pub fn read(path: &Path) -> Result<Vec<Review>> {
    if !exists(path)? {
        return Ok(Vec::new());
    }
    let idx = Column::optional(IDX, ColumnKind::Int);
    let names: Vec<String> = COLUMNS[1..].iter().map(ToString::to_string).collect();
    let frame = table::read_named(path, &[idx], &names, ColumnKind::Text)?;
    let idx = table::int_column(path, &frame, IDX)?;
    let texts = names.iter().map(|name| table::str_column(path, &frame, name));
    let texts = texts.collect::<Result<Vec<_>>>()?;
    let review = |row: usize| {
        let cell = |at: usize| texts[at].get(row).unwrap_or_default().to_owned();
        let word = |at: usize, wanted| Error::Cell {
            path: path.to_owned(),
            line: table::line_of_record(path, row),
            column: names[at].clone(),
            value: cell(at),
            wanted,
        };
        let verdict = Verdict::ALL.into_iter().find(|v| v.as_str() == cell(6));
        if verdict.is_none() && !cell(6).is_empty() {
            return Err(word(6, "agree, disagree, unsure or empty"));
        }
        let about = Subject::ALL.into_iter().find(|s| s.as_str() == cell(4));
        let about = about.ok_or_else(|| word(4, "truth, decision or rejection"))?;
        if about != Subject::Rejection && stated_truth(&cell(5)).is_none() {
            return Err(word(5, "True or False"));
        }
        Ok(Review {
            idx: idx.get(row),
            exam_id: cell(0),
            save_file: cell(1),
            source: cell(2),
            label: cell(3),
            about,
            stated: cell(5),
            verdict,
            note: cell(7),
            time: cell(8),
        })
    };
    (0..frame.height()).map(review).collect()
}

/// Replaces the reviews at `path` in one step, synced: a reader, and a program that starts after a crash, meets the old file or
/// the whole new one.
///
/// # Errors
/// I/O.
pub fn write(path: &Path, reviews: &[Review]) -> Result<()> {
    let fill = |mut file: File| -> io::Result<WrittenFile> {
        file.write_all(&table_bytes(reviews)?)?;
        Ok(WrittenFile::SyncNow(file))
    };
    let name = TemporaryName::Unique(UNFINISHED);
    let create = |path: &Path| File::create_new(path);
    replace_file(path, name, |_, _| Ok(()), create, fill)
        .map_err(|error| Error::io("write", path)(error.into()))
}

fn table_bytes(reviews: &[Review]) -> io::Result<Vec<u8>> {
    let mut rows = RowWriter::new(Vec::new(), COLUMNS)?;
    for review in reviews {
        rows.row([
            review.idx.map_or(Cell::Missing, Cell::Int),
            Cell::Text(&review.exam_id),
            Cell::Text(&review.save_file),
            Cell::Text(&review.source),
            Cell::Text(&review.label),
            Cell::Text(review.about.as_str()),
            Cell::Text(&review.stated),
            Cell::Text(review.verdict.map_or("", Verdict::as_str)),
            Cell::Text(&review.note),
            Cell::Text(&review.time),
        ])?;
    }
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(label: &str, note: &str) -> Review {
        Review {
            idx: Some(7),
            exam_id: "1169160".to_owned(),
            save_file: "code_15_1169160.mat".to_owned(),
            source: "code_15".to_owned(),
            label: label.to_owned(),
            about: Subject::Truth,
            stated: "True".to_owned(),
            verdict: Some(Verdict::Disagree),
            note: note.to_owned(),
            time: "2026-01-31T23:59:58.000000000Z".to_owned(),
        }
    }

    proptest::proptest! {
        #[test]
        fn reviews_come_back_as_they_were_written(note in "[a,\"\n é=]{0,12}", label in "[A,\" ]{1,4}") {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join(FILE);
            let set_aside = Review {
                idx: None, save_file: String::new(), label: String::new(), about: Subject::Rejection,
                stated: "all_zero".to_owned(), verdict: None, ..review("", &note)
            };
            let all = [review(&label, &note), set_aside];
            write(&path, &all).unwrap();
            proptest::prop_assert_eq!(read(&path).unwrap(), all);
            proptest::prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn no_file_is_no_review_and_a_strange_word_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        assert_eq!(read(&path).unwrap(), []);
        write(&path, &[review("AF", "two\nlines"), review("SB", "")]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("SB,truth,True,disagree", "SB,truth,True,no")).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(
            error.contains("line 4, column `verdict`: `no` is not agree"),
            "{error}"
        );
    }

    #[test]
    fn a_reader_who_disagrees_says_the_opposite_of_what_was_stated() {
        let of = |verdict, stated: &str| Review {
            verdict,
            stated: stated.to_owned(),
            ..review("AF", "")
        };
        let says = |verdict| ["True", "False"].map(|stated| of(verdict, stated).says());
        assert_eq!(says(Some(Verdict::Agree)), [Some(true), Some(false)]);
        assert_eq!(says(Some(Verdict::Disagree)), [Some(false), Some(true)]);
        assert_eq!(says(Some(Verdict::Unsure)), [None, None]);
        assert_eq!(says(None), [None, None]);
        let about = Subject::Rejection;
        let of_exam = Review {
            about,
            ..of(Some(Verdict::Agree), "True")
        };
        assert_eq!(of_exam.says(), None);
    }

    #[test]
    fn a_verdict_on_the_same_label_takes_the_place_of_another_whatever_was_stated() {
        let (truth, decision) = (
            review("AF", ""),
            Review {
                about: Subject::Decision,
                ..review("AF", "x")
            },
        );
        assert!(truth.is_about_same(&decision) && !truth.is_about_same(&review("SB", "")));
        assert!(!truth.is_about_same(&Review {
            about: Subject::Rejection,
            ..review("AF", "")
        }));
    }
}
