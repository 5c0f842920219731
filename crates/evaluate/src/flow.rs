//! Counts of what came in and went out, and checks that the whole subset was predicted, and nothing else.

use crate::error::{Error, Result};
use crate::scored_rows::OnMissing;
use ecgfm_artifacts::columns::{PATH, REASON, SEGMENT, SPLIT};
use ecgfm_artifacts::{key, splits, table};
use hashbrown::HashSet;
use polars::prelude::DataFrame;
use std::collections::BTreeMap;
use std::path::Path;

/// Checks predictions against the table of segments' splits; returns the number of segments of `subset` that have no
/// prediction.
///
/// # Errors
/// A predicted segment is not in the subset; one of the subset is not predicted (unless these are to be dropped).
pub(crate) fn count_unpredicted(
    split_table: &Path,
    subset: &str,
    predicted: &DataFrame,
    missing: OnMissing,
) -> Result<usize> {
    let table = splits::read_paths(split_table)?;
    let splits = table::str_column(split_table, &table, SPLIT)?;
    let paths = table::str_column(split_table, &table, PATH)?;
    let keys = || {
        let of_subset = splits.iter().zip(paths.iter());
        let of_subset = of_subset.filter(|(split, _)| *split == Some(subset));
        of_subset.map(|(_, path)| key::of_path(path.unwrap_or_default()))
    };
    let predicted = table::str_column(split_table, predicted, SEGMENT)?;
    // As predict leaves them, where all were predicted: then nothing has to be looked for.
    if keys().eq(predicted.iter().flatten()) {
        return Ok(0);
    }
    let expected: HashSet<&str> = keys().collect();
    let unexpected = |segment: &Option<&str>| segment.is_none_or(|segment| !expected.contains(segment));
    if let Some(unexpected) = predicted.iter().find(unexpected) {
        let what = format!(
            "predicted segment `{}` is not in split `{subset}` here; the predictions are of other splits",
            unexpected.unwrap_or_default()
        );
        return Err(Error::keys(split_table, what));
    }
    let predicted: HashSet<&str> = predicted.iter().flatten().collect();
    let mut unpredicted = keys().filter(|segment| !predicted.contains(segment));
    match (unpredicted.next(), missing) {
        (None, _) => Ok(0),
        (Some(segment), OnMissing::Error) => Err(Error::MissingPrediction {
            path: split_table.to_owned(),
            segment: segment.to_owned(),
            subset: subset.to_owned(),
            more: unpredicted.count(),
            rows: keys().count(),
        }),
        (Some(_), OnMissing::Drop) => Ok(1 + unpredicted.count()),
    }
}

/// Exams of an archive: read = rejected + kept.
pub(crate) struct ExamCounts {
    pub(crate) read: u64,
    pub(crate) rejected: BTreeMap<String, u64>,
    pub(crate) kept: u64,
}

/// Counts them, where both tables are given.
pub(crate) fn count_exams(rejected: Option<&Path>, records: Option<&Path>) -> Result<Option<ExamCounts>> {
    let (Some(rejected), Some(records)) = (rejected, records) else {
        return Ok(None);
    };
    let frame = table::read_all_text(rejected)?;
    let mut by_reason = BTreeMap::new();
    for reason in table::str_column(rejected, &frame, REASON)?.iter() {
        *by_reason.entry(reason.unwrap_or_default()).or_default() += 1;
    }
    let kept = ecgfm_artifacts::records::read(records, &[])?.height() as u64;
    Ok(Some(ExamCounts {
        read: kept + frame.height() as u64,
        rejected: by_reason
            .into_iter()
            .map(|(reason, count)| (reason.to_owned(), count))
            .collect(),
        kept,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    const TABLE: &str = "idx,save_file,split,path,sample_size\n\
        0,a.mat,test,/d/a_0.mat,2500\n0,a.mat,test,/d/a_1.mat,2500\n1,b.mat,train,/d/b_0.mat,2500\n";

    fn check(segments: &[&str], missing: OnMissing) -> Result<usize> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("segmented_split.csv");
        std::fs::write(&path, TABLE).unwrap();
        count_unpredicted(&path, "test", &df!(SEGMENT => segments).unwrap(), missing)
    }

    #[test]
    fn a_segment_without_prediction_is_an_error_or_a_count() {
        assert_eq!(check(&["a_1", "a_0"], OnMissing::Error).unwrap(), 0);
        assert_eq!(check(&["a_0"], OnMissing::Drop).unwrap(), 1);
        let message = check(&["a_0"], OnMissing::Error).unwrap_err().to_string();
        assert!(
            message.contains("segment `a_1` of split `test` has no prediction, nor have 0 more of 2"),
            "{message}"
        );
    }

    #[test]
    fn a_prediction_of_another_split_is_always_an_error() {
        let message = check(&["a_0", "a_1", "b_0"], OnMissing::Drop)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("predicted segment `b_0` is not in split `test`"),
            "{message}"
        );
    }
}
