//! Whether what was predicted is what should have been: the whole subset, and nothing else.

use crate::compare::OnMissing;
use crate::error::{Error, Result};
use ecgfm_artifacts::columns::{PATH, REASON, SEGMENT, SPLIT};
use ecgfm_artifacts::{key, splits, table};
use polars::prelude::DataFrame;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// Checks predictions against the table of segments' splits; returns the number of segments of `subset` that have no
/// prediction.
///
/// # Errors
/// A predicted segment is not in the subset; one of the subset is not predicted (unless these are to be dropped).
pub(crate) fn unpredicted(
    split_table: &Path,
    subset: &str,
    predicted: &DataFrame,
    missing: OnMissing,
) -> Result<usize> {
    let frame = splits::read_segmented(split_table)?;
    let paths = table::str_column(split_table, &frame, PATH)?;
    let names = table::str_column(split_table, &frame, SPLIT)?;
    let of_subset = paths
        .iter()
        .zip(names.iter())
        .filter(|(_, split)| *split == Some(subset));
    let wanted: Vec<&str> = of_subset.filter_map(|(path, _)| path.map(key::of_path)).collect();
    let have: HashSet<&str> = table::str_column(split_table, predicted, SEGMENT)?
        .iter()
        .flatten()
        .collect();
    let known: HashSet<&str> = wanted.iter().copied().collect();
    if let Some(stranger) = table::str_column(split_table, predicted, SEGMENT)?
        .iter()
        .flatten()
        .find(|s| !known.contains(s))
    {
        let what = format!(
            "predicted segment `{stranger}` is not in split `{subset}` here; the predictions are of other splits"
        );
        return Err(Error::keys(split_table, what));
    }
    let absent: Vec<&str> = wanted.iter().copied().filter(|s| !have.contains(s)).collect();
    match (absent.first(), missing) {
        (Some(segment), OnMissing::Error) => Err(Error::MissingPrediction {
            path: split_table.to_owned(),
            segment: (*segment).to_owned(),
            subset: subset.to_owned(),
            more: absent.len() - 1,
            rows: wanted.len(),
        }),
        _ => Ok(absent.len()),
    }
}

/// Exams of an archive: read = rejected + kept.
pub(crate) struct Exams {
    pub(crate) read: u64,
    pub(crate) rejected: BTreeMap<String, u64>,
    pub(crate) kept: u64,
}

/// Counts them, where both tables are given.
pub(crate) fn exams(rejected: Option<&Path>, records: Option<&Path>) -> Result<Option<Exams>> {
    let (Some(rejected), Some(records)) = (rejected, records) else {
        return Ok(None);
    };
    let frame = table::read_all_text(rejected)?;
    let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
    for reason in table::str_column(rejected, &frame, REASON)?.iter() {
        *by_reason
            .entry(reason.unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    let kept = ecgfm_artifacts::records::read(records, &[])?.height() as u64;
    Ok(Some(Exams {
        read: kept + frame.height() as u64,
        rejected: by_reason,
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
        unpredicted(&path, "test", &df!(SEGMENT => segments).unwrap(), missing)
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
