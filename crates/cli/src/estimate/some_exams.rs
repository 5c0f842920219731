//! Some exams of an archive, as an archive.

use ecgfm_archives::{Archive, ExamTable, FoundFile, LocatedExam, LocatedExams};
use ecgfm_recordings::Encoding;

/// Runs of neighbouring exams that are taken: an archive's files may differ, and an exam alone is read more slowly than among its neighbours.
const RUNS: usize = 4;

/// An archive of which only some exams are found, in runs spread evenly.
pub struct SomeExams {
    archive: Box<dyn Archive>,
    taken: Vec<LocatedExam>,
    found: usize,
}

impl SomeExams {
    /// Takes `most` exams at most.
    pub fn of(archive: Box<dyn Archive>, most: usize) -> Self {
        let all = archive.locate().found;
        Self {
            taken: spread_runs(&all, most),
            found: all.len(),
            archive,
        }
    }

    /// Number of exams that are taken.
    pub fn taken(&self) -> usize {
        self.taken.len()
    }

    /// Number of exams of the archive whose recording was found.
    pub fn found(&self) -> usize {
        self.found
    }
}

/// `most` elements at most: the first of each of [`RUNS`] equal pieces, in order.
fn spread_runs<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    if all.len() <= most {
        return all.to_vec();
    }
    let run = most.div_ceil(RUNS).max(1);
    let begin = |number: usize| number * all.len() / RUNS;
    let pieces = (0..RUNS).map(|number| &all[begin(number)..begin(number + 1)]);
    let runs = pieces.flat_map(|piece| piece.iter().take(run));
    runs.take(most).copied().collect()
}

impl Archive for SomeExams {
    fn source(&self) -> &str {
        self.archive.source()
    }

    fn sources(&self) -> Vec<&str> {
        self.archive.sources()
    }

    fn source_of(&self, row: usize) -> &str {
        self.archive.source_of(row)
    }

    fn exams(&self) -> &ExamTable {
        self.archive.exams()
    }

    fn file_count(&self) -> usize {
        self.archive.file_count()
    }

    fn file(&self, number: usize) -> FoundFile<'_> {
        self.archive.file(number)
    }

    fn encoding(&self, file: usize) -> Option<Encoding> {
        self.archive.encoding(file)
    }

    fn locate(&self) -> LocatedExams {
        LocatedExams {
            found: self.taken.clone(),
            rejected: Vec::new(),
            unlisted: 0,
        }
    }

    fn notice(&self) -> Option<String> {
        self.archive.notice()
    }

    fn dataset(&self, row: usize) -> &str {
        self.archive.dataset(row)
    }

    fn is_zero_padded(&self, file: usize) -> bool {
        self.archive.is_zero_padded(file)
    }

    fn save_file(&self, row: usize) -> String {
        self.archive.save_file(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_spread_over_all() {
        let all: Vec<usize> = (0..100).collect();
        assert_eq!(spread_runs(&all, 8), [0, 1, 25, 26, 50, 51, 75, 76]);
        assert_eq!(spread_runs(&all, 200), all);
        assert_eq!(spread_runs(&all, 3).len(), 3);
        assert_eq!(spread_runs(&all[..5], 4), [0, 1, 2, 3]);
    }
}
