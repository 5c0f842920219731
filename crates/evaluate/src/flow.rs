//! Counts of what came in and went out, and checks that the whole subset was predicted, and nothing else.

use crate::error::{Error, Result};
use crate::joins::without_counterpart;
use crate::scored_rows::OnMissing;
use ecgfm_artifacts::columns::{PATH, REASON, SEGMENT, SPLIT};
use ecgfm_artifacts::{key, splits, table};
use polars::prelude::*;
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
    let in_order = table::str_column(split_table, predicted, SEGMENT)?
        .iter()
        .flatten();
    // As predict leaves them, where all were predicted: then nothing has to be looked for.
    if keys().eq(in_order) {
        return Ok(0);
    }
    let failed = || Error::table("comparing predictions with the split");
    let expected = StringChunked::from_iter_values(SEGMENT.into(), keys());
    let expected = DataFrame::new_infer_height(vec![expected.into_column()]).map_err(failed())?;
    let predicted = predicted.select([SEGMENT]).map_err(failed())?;
    let first_of = |left: &DataFrame, right: &DataFrame| -> Result<(usize, String)> {
        let alone = without_counterpart(left.clone().lazy(), right.clone().lazy(), &[col(SEGMENT)]);
        let alone = alone.collect().map_err(failed())?;
        let first = table::str_column(split_table, &alone, SEGMENT)?
            .iter()
            .next()
            .flatten()
            .unwrap_or_default()
            .to_owned();
        Ok((alone.height(), first))
    };
    if let (1.., unexpected) = first_of(&predicted, &expected)? {
        let what = format!(
            "predicted segment `{unexpected}` is not in split `{subset}` here; the predictions are of other splits"
        );
        return Err(Error::keys(split_table, what));
    }
    match (first_of(&expected, &predicted)?, missing) {
        ((count @ 1.., segment), OnMissing::Error) => Err(Error::MissingPrediction {
            path: split_table.to_owned(),
            segment,
            subset: subset.to_owned(),
            more: count - 1,
            rows: expected.height(),
        }),
        ((count, _), _) => Ok(count),
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
    table::str_column(rejected, &frame, REASON)?;
    let counts = frame
        .clone()
        .lazy()
        .group_by([col(REASON)])
        .agg([len().cast(DataType::UInt64)]);
    let counts = counts
        .collect()
        .map_err(Error::table("counting rejected exams"))?;
    let counts = counts.columns()[0]
        .str()
        .and_then(|reasons| Ok((reasons, counts.columns()[1].u64()?)));
    let (reasons, counts) = counts.map_err(Error::table("counting rejected exams"))?;
    let by_reason = reasons.iter().zip(counts.iter());
    let by_reason: BTreeMap<String, u64> = by_reason
        .map(|(reason, count)| (reason.unwrap_or_default().to_owned(), count.unwrap_or_default()))
        .collect();
    let kept = ecgfm_artifacts::records::read(records, &[])?.height() as u64;
    Ok(Some(ExamCounts {
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
