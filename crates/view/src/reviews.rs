//! The reader's verdicts: those of the file, by ECG, and one more at a time.

use crate::error::{Error, Result};
use crate::run::{RunIndex, VerdictChoice};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::review::{self, Review, Subject, Verdict};
use hashbrown::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Letters of a note that are kept.
const MAX_NOTE: usize = 4000;

/// Time to wait for another program that writes the reviews.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a reader says of an ECG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// A verdict, and a note, which may be empty.
    Verdict(Verdict, String),
    /// A note; the verdict stays what it is.
    Note(String),
    /// Nothing any more.
    Nothing,
}

/// What can be said of a label, or of a rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) about: Subject,
    pub(crate) stated: String,
}

/// What is stated of an ECG: the truth of the label of that number, or, where that is not known, the model's decision; of one that was set
/// aside, the reason. None where nothing is.
pub(crate) fn statement(index: &RunIndex, row: usize, label: Option<usize>) -> Option<Statement> {
    let of = |about, stated: &str| {
        Some(Statement {
            about,
            stated: stated.to_owned(),
        })
    };
    if index.is_set_aside(row) {
        return of(Subject::Rejection, index.reason.get(row)?);
    }
    let label = index.labels.get(label?)?;
    let word = |holds: bool| if holds { "True" } else { "False" };
    match (label.truth(row), label.predicted(row)) {
        (Some(truth), _) => of(Subject::Truth, word(truth)),
        (None, Some(predicted)) => of(Subject::Decision, word(predicted)),
        (None, None) => None,
    }
}

/// The reviews of a run, in memory as in the file.
pub(crate) struct ReviewBook {
    path: PathBuf,
    reviews: Vec<Review>,
    /// Places in `reviews` by row.
    of_row: HashMap<u32, Vec<usize>>,
    /// Reviews of ECGs that this run does not have.
    strange: usize,
}

impl ReviewBook {
    /// Reads the reviews beside a run's stages.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn open(run_dir: &Path, index: &RunIndex) -> Result<Self> {
        let path = run_dir.join(review::FILE);
        let mut book = Self {
            reviews: review::read(&path)?,
            path,
            of_row: HashMap::new(),
            strange: 0,
        };
        book.place(index);
        Ok(book)
    }

    fn place(&mut self, index: &RunIndex) {
        self.of_row.clear();
        self.strange = 0;
        for (at, review) in self.reviews.iter().enumerate() {
            match row_of(index, review) {
                Some(row) => self.of_row.entry(row).or_default().push(at),
                None => self.strange += 1,
            }
        }
    }

    /// Number of rows in the file that are of no ECG of this run.
    pub(crate) fn strange(&self) -> usize {
        self.strange
    }

    /// Number of rows in the file.
    pub(crate) fn len(&self) -> usize {
        self.reviews.len()
    }

    /// Everything said of an ECG.
    pub(crate) fn of(&self, row: usize) -> impl Iterator<Item = &Review> {
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        let places = self.of_row.get(&row).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| self.reviews.get(*at))
    }

    /// True where what was said of an ECG, of this label or of any, is what a filter asks for.
    pub(crate) fn matches(&self, row: usize, label: Option<&str>, wanted: VerdictChoice) -> bool {
        let about = |review: &&Review| label.is_none_or(|label| review.label == label);
        let mut said = self.of(row).filter(about);
        match wanted {
            VerdictChoice::Unreviewed => said.next().is_none(),
            VerdictChoice::Reviewed => said.next().is_some(),
            VerdictChoice::Said(verdict) => said.any(|review| review.verdict == Some(verdict)),
        }
    }

    /// Keeps what is said, in the file before anything else. Another program may have written there since: its rows stay.
    ///
    /// # Errors
    /// The file cannot be read or written, or another program holds it for long.
    pub(crate) fn keep(
        &mut self,
        index: &RunIndex,
        (row, label): (usize, Option<usize>),
        statement: Statement,
        said: Said,
        time: String,
    ) -> Result<()> {
        let _held = lock(&self.path)?;
        let mut reviews = review::read(&self.path)?;
        let label = label.filter(|_| statement.about != Subject::Rejection);
        let mut new = Review {
            idx: index.idx.get(row).copied(),
            exam_id: index.exam_id.get(row).unwrap_or_default().to_owned(),
            save_file: index.save_file.get(row).unwrap_or_default().to_owned(),
            source: index.source.get(row).unwrap_or_default().to_owned(),
            label: label
                .and_then(|at| Some(index.labels.get(at)?.name.clone()))
                .unwrap_or_default(),
            about: statement.about,
            stated: statement.stated,
            verdict: None,
            note: String::new(),
            time,
        };
        let before = reviews.iter().position(|review| review.is_about_same(&new));
        match said {
            Said::Verdict(verdict, note) => (new.verdict, new.note) = (Some(verdict), plain_note(&note)),
            Said::Note(note) => {
                new.note = plain_note(&note);
                // A verdict is about what was stated then.
                if let Some(before) = before.and_then(|at| reviews.get(at)) {
                    (new.verdict, new.about) = (before.verdict, before.about);
                    new.stated.clone_from(&before.stated);
                }
            }
            Said::Nothing => {}
        }
        let empty = new.verdict.is_none() && new.note.is_empty();
        match before {
            Some(at) if empty => drop(reviews.remove(at)),
            Some(at) => reviews[at] = new,
            None if empty => {}
            None => reviews.push(new),
        }
        review::write(&self.path, &reviews)?;
        self.reviews = reviews;
        self.place(index);
        Ok(())
    }
}

/// A note without what no keyboard writes, and not longer than is kept.
fn plain_note(note: &str) -> String {
    let lines = note.replace("\r\n", "\n");
    let plain = lines.trim().chars().filter(|c| *c == '\n' || !c.is_control());
    plain.take(MAX_NOTE).collect()
}

/// The row that a review is of.
fn row_of(index: &RunIndex, review: &Review) -> Option<u32> {
    let found = match review.about {
        Subject::Rejection => {
            let same = |row: &usize| {
                index.exam_id.get(*row) == Some(&review.exam_id)
                    && index.source.get(*row).unwrap_or_default() == review.source
            };
            (index.kept..index.rows()).find(same)?
        }
        _ => {
            let row = *index.row_of_idx.get(&review.idx?)? as usize;
            let same = index.save_file.get(row) == Some(&review.save_file);
            same.then_some(row)?
        }
    };
    u32::try_from(found).ok()
}

/// Holds the reviews until it is dropped; where the file system has no locks, nobody is asked.
fn lock(path: &Path) -> Result<File> {
    let lock = path.with_file_name(review::LOCK_FILE);
    let file = File::create(&lock).map_err(ArtifactError::io("write", &lock))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match ecgfm_system::try_lock(&file, &lock) {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(ArtifactError::io("lock", &lock)(error).into()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                let path = path.display();
                return Err(Error::Held(format!(
                    "{path}: another program has held it for 5 s; try again"
                )));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Categories, LabelColumn};

    fn index() -> RunIndex {
        RunIndex {
            kept: 2,
            idx: vec![7, 4],
            row_of_idx: [(7, 0), (4, 1)].into_iter().collect(),
            save_file: ["a.mat", "b.mat"].into_iter().collect(),
            exam_id: ["1", "2", "3"].into_iter().collect(),
            source: Categories::of_texts(["s", "s", "s"].into_iter()).unwrap(),
            reason: Categories::of_texts(["", "", "all_zero"].into_iter()).unwrap(),
            labels: vec![LabelColumn {
                name: "AF".to_owned(),
                threshold: Some(0.5),
                truth: vec![Some(true), None],
                probability: vec![0.2, 0.7],
                ..LabelColumn::default()
            }],
            ..RunIndex::default()
        }
    }

    fn keep(book: &mut ReviewBook, row: usize, said: Said) {
        let index = index();
        let statement = statement(&index, row, Some(0)).unwrap();
        book.keep(&index, (row, Some(0)), statement, said, "now".to_owned())
            .unwrap();
    }

    #[test]
    fn what_is_said_is_in_the_file_at_once_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let (index, path) = (index(), dir.path().join(review::FILE));
        let mut book = ReviewBook::open(dir.path(), &index).unwrap();
        keep(
            &mut book,
            0,
            Said::Verdict(Verdict::Disagree, " no P waves\r\n?\u{7} ".to_owned()),
        );
        keep(&mut book, 1, Said::Verdict(Verdict::Unsure, String::new()));
        keep(&mut book, 2, Said::Note("flat".to_owned()));
        let reviews = review::read(&path).unwrap();
        let of = |at: usize| {
            (
                reviews[at].about.as_str(),
                reviews[at].stated.as_str(),
                reviews[at].note.as_str(),
            )
        };
        assert_eq!(
            [0, 1, 2].map(of),
            [
                ("truth", "True", "no P waves\n?"),
                ("decision", "True", ""),
                ("rejection", "all_zero", "flat")
            ]
        );
        keep(&mut book, 0, Said::Note("later".to_owned()));
        keep(&mut book, 1, Said::Nothing);
        let again = ReviewBook::open(dir.path(), &index).unwrap();
        assert_eq!(
            (again.len(), again.strange(), &again.reviews),
            (2, 0, &book.reviews)
        );
        let said = again.of(0).next().unwrap();
        assert_eq!(
            (said.verdict, said.note.as_str()),
            (Some(Verdict::Disagree), "later")
        );
        assert!(again.matches(0, Some("AF"), VerdictChoice::Said(Verdict::Disagree)));
        assert!(
            again.matches(1, None, VerdictChoice::Unreviewed)
                && !again.matches(0, Some("SB"), VerdictChoice::Reviewed)
        );
        assert!(again.matches(2, None, VerdictChoice::Reviewed));
    }

    #[test]
    fn rows_that_another_program_wrote_stay_and_those_of_other_ecgs_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let (index, path) = (index(), dir.path().join(review::FILE));
        let mut book = ReviewBook::open(dir.path(), &index).unwrap();
        keep(&mut book, 0, Said::Verdict(Verdict::Agree, String::new()));
        let mut reviews = review::read(&path).unwrap();
        reviews.push(Review {
            idx: Some(99),
            ..reviews[0].clone()
        });
        review::write(&path, &reviews).unwrap();
        keep(&mut book, 1, Said::Verdict(Verdict::Agree, String::new()));
        assert_eq!((book.len(), book.strange()), (3, 1));
        assert_eq!(review::read(&path).unwrap().len(), 3);
    }
}
