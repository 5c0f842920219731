//! Several archives as one: the exams of each after those of the one before.

use crate::archive::{Archive, FoundFile, LocatedExams};
use crate::located::{LocatedExam, RecordingLocation, RejectedExam};
use crate::table::ExamTable;
use ecgfm_recordings::Encoding;
use std::collections::HashSet;

/// An archive, and what it is called among others.
pub struct NamedArchive {
    /// Name in tables and start of file names, in the place of [`Archive::source`]. Unique, without `:`.
    pub name: String,
    /// The open archive.
    pub archive: Box<dyn Archive>,
}

/// Archive with its place among others.
struct Member {
    name: String,
    archive: Box<dyn Archive>,
    /// Row of the whole that is its first.
    first_row: usize,
    /// Number, among the files of the whole, of its first.
    first_file: usize,
}

impl Member {
    fn save_file(&self, row: usize) -> String {
        let own = self.archive.save_file(row);
        match own.strip_prefix(self.archive.source()) {
            Some(rest) => format!("{}{rest}", self.name),
            None => format!("{}_{own}", self.name),
        }
    }
}

/// Two ECGs of different archives that would have one name in tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameClash {
    /// Names of the archives.
    pub archives: [String; 2],
    /// Name of both ECGs.
    pub save_file: String,
}

/// Several archives as one. Exams and files are numbered over all of them, in the order of the archives.
pub struct JoinedArchives {
    /// In the order of rows and of files.
    members: Vec<Member>,
    table: ExamTable,
    /// Names of all, joined by `+`.
    name: String,
}

impl JoinedArchives {
    /// Joins archives.
    ///
    /// # Errors
    /// Two ECGs would have one name.
    pub fn new(archives: Vec<NamedArchive>) -> Result<Self, NameClash> {
        let named = archives
            .iter()
            .map(|named| (named.name.as_str(), named.archive.exams()));
        let table = ExamTable::join(named.collect::<Vec<_>>());
        let (mut first_row, mut first_file) = (0, 0);
        let mut members: Vec<Member> = Vec::with_capacity(archives.len());
        for NamedArchive { name, archive } in archives {
            let (rows, files) = (archive.exams().len(), archive.file_count());
            members.push(Member {
                name,
                archive,
                first_row,
                first_file,
            });
            first_row += rows;
            first_file += files;
        }
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let joined = Self {
            name: names.join("+"),
            members,
            table,
        };
        match joined.find_name_clash() {
            Some(clash) => Err(clash),
            None => Ok(joined),
        }
    }

    /// Two ECGs of one name. File names begin with the name of the archive and `_`, so that only archives can share one of which
    /// one name begins with the other: `a` and `a_b`.
    fn find_name_clash(&self) -> Option<NameClash> {
        let pairs = self
            .members
            .iter()
            .flat_map(|short| self.members.iter().map(move |long| (short, long)));
        pairs.into_iter().find_map(|(short, long)| {
            let start = format!("{}_", long.name);
            if !long.name.starts_with(&format!("{}_", short.name)) {
                return None;
            }
            let files_of = |member: &'_ Member| -> HashSet<String> {
                let files = (0..member.archive.exams().len()).map(|row| member.save_file(row));
                files.filter(|file| file.starts_with(&start)).collect()
            };
            let (first, second) = (files_of(short), files_of(long));
            let save_file = first.intersection(&second).min()?.clone();
            Some(NameClash {
                archives: [short.name.clone(), long.name.clone()],
                save_file,
            })
        })
    }

    /// The archive that holds a row, and the row in it.
    fn find_row(&self, row: usize) -> (&Member, usize) {
        let after = self.members.partition_point(|member| member.first_row <= row);
        let member = &self.members[after.saturating_sub(1)];
        (member, row - member.first_row)
    }

    /// The archive that holds a file, and the number of the file in it.
    fn find_file(&self, number: usize) -> (&Member, usize) {
        let after = self.members.partition_point(|member| member.first_file <= number);
        let member = &self.members[after.saturating_sub(1)];
        (member, number - member.first_file)
    }
}

impl Archive for JoinedArchives {
    fn source(&self) -> &str {
        &self.name
    }

    fn sources(&self) -> Vec<&str> {
        self.members.iter().map(|member| member.name.as_str()).collect()
    }

    fn source_of(&self, row: usize) -> &str {
        &self.find_row(row).0.name
    }

    fn exams(&self) -> &ExamTable {
        &self.table
    }

    fn file_count(&self) -> usize {
        let last = self.members.last();
        last.map_or(0, |member| member.first_file + member.archive.file_count())
    }

    fn file(&self, number: usize) -> FoundFile<'_> {
        let (member, number) = self.find_file(number);
        member.archive.file(number)
    }

    fn encoding(&self, file: usize) -> Option<Encoding> {
        let (member, file) = self.find_file(file);
        member.archive.encoding(file)
    }

    fn locate(&self) -> LocatedExams {
        let mut all = LocatedExams {
            found: Vec::with_capacity(self.table.len()),
            rejected: Vec::new(),
            unlisted: 0,
        };
        for member in &self.members {
            let located = member.archive.locate();
            let found = located.found.into_iter();
            all.found.extend(found.map(|exam| LocatedExam {
                idx: member.first_row + exam.idx,
                location: RecordingLocation {
                    file: member.first_file + exam.location.file,
                    row: exam.location.row,
                },
            }));
            let rejected = located.rejected.into_iter();
            all.rejected.extend(rejected.map(|exam| RejectedExam {
                idx: member.first_row + exam.idx,
                ..exam
            }));
            all.unlisted += located.unlisted;
        }
        all
    }

    fn notice(&self) -> Option<String> {
        let notices = self.members.iter().map(|member| member.archive.notice());
        let notices: Vec<Option<String>> = notices.collect();
        let first = notices.iter().flatten().next()?;
        if notices.iter().all(|notice| notice.as_ref() == Some(first)) {
            return Some(first.clone());
        }
        let noticed = self.members.iter().zip(&notices);
        let noticed: Vec<&str> = noticed
            .filter(|(_, notice)| notice.is_some())
            .map(|(member, _)| member.name.as_str())
            .collect();
        Some(format!("{first} This is said of: {}.", noticed.join(", ")))
    }

    fn dataset(&self, row: usize) -> &str {
        let (member, row) = self.find_row(row);
        match member.archive.dataset(row) {
            own if own == member.archive.source() => &member.name,
            dataset => dataset,
        }
    }

    fn is_zero_padded(&self, file: usize) -> bool {
        let (member, file) = self.find_file(file);
        member.archive.is_zero_padded(file)
    }

    fn save_file(&self, row: usize) -> String {
        let (member, row) = self.find_row(row);
        member.save_file(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dataset;
    use crate::described::DatasetDescription;
    use std::path::Path;

    /// Archive of the dataset `files` whose table has these rows of exam and patient; its files are not there.
    fn archive(dir: &Path, name: &str, exams: &[(&str, &str)]) -> NamedArchive {
        let path = dir.join(format!("{name}.csv"));
        let rows = exams
            .iter()
            .map(|(exam, patient)| format!("{exam},{name}/{exam}.hea,{patient}\n"));
        let text = format!("exam_id,trace_file,patient_id\n{}", rows.collect::<String>());
        std::fs::write(&path, text).unwrap();
        std::fs::create_dir_all(dir.join(name)).unwrap();
        for (exam, _) in exams {
            std::fs::write(dir.join(name).join(format!("{exam}.hea")), "").unwrap();
        }
        let files = DatasetDescription::load("files").unwrap().unwrap();
        NamedArchive {
            name: name.to_owned(),
            archive: files.open(&path).unwrap(),
        }
    }

    #[test]
    fn exams_and_files_are_numbered_over_all_archives() {
        let dir = tempfile::tempdir().unwrap();
        let first = archive(dir.path(), "first", &[("1", "p"), ("2", "p"), ("2", "q")]);
        let second = archive(dir.path(), "second", &[("2", "p")]);
        std::fs::write(dir.path().join("SYNTHETIC.md"), "").unwrap();
        let joined = JoinedArchives::new(vec![first, second]).unwrap();
        assert_eq!(joined.sources(), ["first", "second"]);
        let located = joined.locate();
        let found = located.found.iter().map(|exam| {
            let file = joined.file(exam.location.file);
            (
                joined.save_file(exam.idx),
                joined.source_of(exam.idx),
                file.name.clone(),
            )
        });
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                ("first_1.mat".to_owned(), "first", "first/1.hea".to_owned()),
                ("first_2.mat".to_owned(), "first", "first/2.hea".to_owned()),
                ("second_2.mat".to_owned(), "second", "second/2.hea".to_owned()),
            ]
        );
        assert_eq!(located.rejected.len(), 1);
        assert_eq!(located.rejected[0].idx, 2);
        assert_eq!((joined.file_count(), joined.dataset(3)), (3, "second"));
        let mut rows = crate::table::ExamRows::new(joined.exams());
        let patients = [0, 3].map(|row| {
            let mut cells = Vec::new();
            rows.read(row, |cell| cells.push(format!("{cell:?}"))).unwrap();
            cells.swap_remove(2)
        });
        assert_ne!(patients[0], patients[1]);
    }

    #[test]
    fn two_ecgs_of_one_name_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let open = |exam: &str| {
            let short = archive(dir.path(), "a", &[(exam, "p"), ("2", "p")]);
            JoinedArchives::new(vec![archive(dir.path(), "a_b", &[("1", "p")]), short])
        };
        assert!(open("b_2").is_ok());
        let clash = open("b_1").err().unwrap();
        assert_eq!(clash.archives, ["a", "a_b"]);
        assert_eq!(clash.save_file, "a_b_1.mat");
    }
}
