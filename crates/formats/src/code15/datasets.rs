//! Names of the datasets of a file that are read.

use super::{EXAM_ID, TRACINGS};
use std::ffi::{OsStr, OsString};

/// Datasets of a file: recordings, one a row, and what identifies the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDatasets {
    /// Name of the dataset of recordings, after the groups that it is in: `ecg/tracings`.
    pub recordings: String,
    /// Name of the dataset of identifiers, one a row; none where rows are known by their position.
    pub ids: Option<String>,
    /// True where somebody states what values mean: recordings may then be integers of at most 16 bits, and identifiers may be
    /// texts.
    pub described: bool,
}

impl RowDatasets {
    /// Datasets of the parts of CODE-15%: `tracings` of floating-point numbers, `exam_id` of integers.
    pub fn code15() -> Self {
        Self {
            recordings: TRACINGS.to_owned(),
            ids: Some(EXAM_ID.to_owned()),
            described: false,
        }
    }

    /// Arguments of the process that opens the file.
    pub(super) fn to_arguments(&self) -> [OsString; 3] {
        let ids = self.ids.as_deref().unwrap_or_default();
        let described = if self.described { "described" } else { "" };
        [self.recordings.as_str(), ids, described].map(OsString::from)
    }

    /// Datasets that [`Self::to_arguments`] names; none for other arguments.
    pub(super) fn from_arguments(arguments: &[OsString]) -> Option<Self> {
        let texts: Vec<&str> = arguments
            .iter()
            .map(|argument| OsStr::to_str(argument))
            .collect::<Option<_>>()?;
        let &[recordings, ids, described] = texts.as_slice() else {
            return None;
        };
        Some(Self {
            recordings: recordings.to_owned(),
            ids: (!ids.is_empty()).then(|| ids.to_owned()),
            described: !described.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_opens_a_file_gets_the_names() {
        let described = RowDatasets {
            recordings: "ecg/signals".to_owned(),
            ids: None,
            described: true,
        };
        for datasets in [RowDatasets::code15(), described] {
            assert_eq!(
                RowDatasets::from_arguments(&datasets.to_arguments()),
                Some(datasets)
            );
        }
        assert_eq!(RowDatasets::from_arguments(&[]), None);
    }
}
