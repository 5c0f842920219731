//! Segments pooled into ECGs: by predict, for `ecg.csv`, and by evaluate, which has the segments at hand anyway.

use crate::error::{Error, Result};
use crate::expressions::{pool_group, within_groups};
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENTS};
use ecgfm_artifacts::labelset::{LabelSet, Pool};
use ecgfm_artifacts::table;
use polars::prelude::*;
use std::path::Path;

/// Columns in which a group's smallest and largest idx, and how many lack one, are looked at.
const SMALLEST: &str = "smallest idx";
const LARGEST: &str = "largest idx";
const MISSING: &str = "missing idx";

/// The ECGs of a table of segments, in the order of their first segments: idx, save_file, number of segments, and the pooled
/// probabilities of `names`, which are of the label set. Segments of one recording's file are one ECG, which must agree with `idx`.
/// `path` is for messages.
pub(crate) fn pool_segments(
    path: &Path,
    segments: &DataFrame,
    labels: &LabelSet,
    names: &[&str],
) -> Result<DataFrame> {
    let failed = || Error::table("pooling segments into ECGs");
    let pools: Vec<(&str, Pool)> = names
        .iter()
        .map(|name| Ok((*name, pool_of(path, labels, name)?)))
        .collect::<Result<_>>()?;
    let idx = || col(IDX);
    let mut within = vec![
        idx().first(),
        len().cast(DataType::Int64).alias(SEGMENTS),
        idx().min().alias(SMALLEST),
        idx().max().alias(LARGEST),
        idx().null_count().cast(DataType::Int64).alias(MISSING),
    ];
    within.extend(pools.iter().map(|(name, pool)| within_groups(name, *pool)));
    let ecgs = segments
        .clone()
        .lazy()
        .group_by_stable([col(SAVE_FILE)])
        .agg(within);
    let ecgs = ecgs.collect().map_err(failed())?;
    check_keys(path, segments, &ecgs)?;
    let mut columns = vec![idx(), col(SAVE_FILE), col(SEGMENTS)];
    columns.extend(pools.iter().map(|(name, pool)| pool_group(name, *pool)));
    ecgs.lazy().select(columns).collect().map_err(failed())
}

fn pool_of(path: &Path, labels: &LabelSet, name: &str) -> Result<Pool> {
    let label = labels.labels.iter().find(|label| label.name == name);
    let unknown = || Error::keys(path, format!("label `{name}` is not in the label set"));
    Ok(label.ok_or_else(unknown)?.pool)
}

/// A table of keys with further columns.
pub(crate) fn extend_keys(keys: &DataFrame, columns: impl Iterator<Item = Column>) -> Result<DataFrame> {
    let all = keys.columns().iter().cloned().chain(columns).collect();
    DataFrame::new_infer_height(all).map_err(Error::table("a label may not be named as a key column is"))
}

/// Checks that idx and save_file name the same ECGs.
fn check_keys(path: &Path, segments: &DataFrame, ecgs: &DataFrame) -> Result<()> {
    let failed = || Error::table("pooling segments into ECGs");
    let of_files = ecgs.clone().lazy().filter(col(IDX).is_not_null());
    let twice = of_files
        .group_by([col(IDX)])
        .agg([col(SAVE_FILE).slice(1, 1).first(), len().alias(SEGMENTS)]);
    let twice = twice.filter(col(SEGMENTS).gt(lit(1)));
    let twice = twice.sort([IDX], SortMultipleOptions::default()).first();
    let twice = twice.collect().map_err(failed())?;
    if twice.height() > 0 {
        let what = format!(
            "idx {} belongs to more than one save_file, one of them `{}`",
            table::int_column(path, &twice, IDX)?.get(0).unwrap_or_default(),
            table::str_column(path, &twice, SAVE_FILE)?
                .get(0)
                .unwrap_or_default()
        );
        return Err(Error::keys(path, what));
    }
    let partly = col(MISSING).gt(lit(0)).and(col(MISSING).lt(col(SEGMENTS)));
    let mixed = ecgs
        .clone()
        .lazy()
        .filter(col(SMALLEST).neq(col(LARGEST)).or(partly));
    let mixed = mixed
        .select([col(SAVE_FILE), col(IDX).alias(SMALLEST)])
        .collect()
        .map_err(failed())?;
    if mixed.height() == 0 {
        return Ok(());
    }
    let rows = crate::joins::left_join(
        segments.clone().lazy(),
        mixed.lazy().with_column(lit(true).alias(LARGEST)),
        &[col(SAVE_FILE)],
    );
    let differs = col(LARGEST).and(col(IDX).neq_missing(col(SMALLEST)));
    let first = rows.filter(differs).first().collect().map_err(failed())?;
    let idx_of = |name: &str| Ok::<_, Error>(table::int_column(path, &first, name)?.get(0));
    let what = format!(
        "save_file `{}` has idx {:?} and {:?}",
        table::str_column(path, &first, SAVE_FILE)?
            .get(0)
            .unwrap_or_default(),
        idx_of(SMALLEST)?,
        idx_of(IDX)?
    );
    Err(Error::keys(path, what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::labelset::Label;
    use proptest::prelude::*;

    const NAME: &str = "AF";

    fn labels(pool: Pool) -> LabelSet {
        LabelSet {
            labels: vec![Label {
                name: NAME.to_owned(),
                pool,
                ..LabelSet::load("physionet2021").unwrap().labels[0].clone()
            }],
            ..LabelSet::load("physionet2021").unwrap()
        }
    }

    fn pooled_scores(files: &[String], scores: &[f32], pool: Pool) -> Vec<f32> {
        let idx: Vec<Option<i64>> = vec![None; files.len()];
        let segments = df!(SAVE_FILE => files, IDX => idx, NAME => scores).unwrap();
        let ecgs = pool_segments(Path::new(""), &segments, &labels(pool), &[NAME]).unwrap();
        ecgs.column(NAME)
            .unwrap()
            .f32()
            .unwrap()
            .into_no_null_iter()
            .collect()
    }

    #[test]
    fn segments_of_one_ecg_are_pooled_wherever_they_stand() {
        let files = ["b", "a", "b", "c"].map(str::to_owned);
        let scores = [0.25, 0.5, 0.75, 0.1];
        assert_eq!(pooled_scores(&files, &scores, Pool::Mean), [0.5, 0.5, 0.1]);
        assert_eq!(pooled_scores(&files, &scores, Pool::Max), [0.75, 0.5, 0.1]);
        assert_eq!(pooled_scores(&files, &scores, Pool::NoisyOr), [0.8125, 0.5, 0.1]);
    }

    proptest! {
        /// By definition: one ECG after the other, its segments in their order.
        #[test]
        fn pooled_scores_are_those_of_one_ecg_after_the_other(
            rows in prop::collection::vec((0u8..6, 0.0f32..=1.0), 1..200),
        ) {
            let files: Vec<String> = rows.iter().map(|r| r.0.to_string()).collect();
            let scores: Vec<f32> = rows.iter().map(|r| r.1).collect();
            let mut order: Vec<u8> = Vec::new();
            rows.iter().for_each(|r| if !order.contains(&r.0) { order.push(r.0) });
            let of = |file: u8| rows.iter().filter(move |r| r.0 == file).map(|r| r.1);
            let by_hand = |pool: Pool| -> Vec<u32> {
                let one = |file: &u8| match pool {
                    Pool::Mean => (of(*file).map(f64::from).fold(0.0, |a, b| a + b) / of(*file).count() as f64) as f32,
                    Pool::Max => of(*file).fold(f32::NEG_INFINITY, f32::max),
                    Pool::NoisyOr => (1.0 - of(*file).fold(1.0, |none, p| none * (1.0 - f64::from(p)))) as f32,
                };
                order.iter().map(|file| one(file).to_bits()).collect()
            };
            for pool in [Pool::Mean, Pool::Max, Pool::NoisyOr] {
                let got: Vec<u32> = pooled_scores(&files, &scores, pool).into_iter().map(f32::to_bits).collect();
                prop_assert_eq!(got, by_hand(pool), "{:?}", pool);
            }
        }
    }
}
