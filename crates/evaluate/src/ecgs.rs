//! Segments pooled into ECGs: by predict, for `ecg.csv`, and by evaluate, which has the segments at hand anyway.

use crate::error::{Error, Result};
use crate::groups::Groups;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE};
use ecgfm_artifacts::labelset::{Label, LabelSet};
use ecgfm_artifacts::table;
use polars::prelude::*;
use rayon::prelude::*;
use std::path::Path;

/// The ECGs of a table of segments, in the order of their first segments.
pub(crate) struct Ecgs {
    groups: Groups,
    /// idx and save_file of each.
    pub(crate) keys: DataFrame,
}

impl Ecgs {
    /// Groups segments by their recording's file, which must agree with `idx`. `path` is for messages.
    pub(crate) fn of(path: &Path, segments: &DataFrame) -> Result<Self> {
        let groups = grouped(path, segments)?;
        let first = groups.first.iter().map(|&row| row as IdxSize);
        let first = IdxCa::from_vec("row".into(), first.collect());
        let keys = segments
            .select([IDX, SAVE_FILE])
            .and_then(|keys| keys.take(&first))
            .map_err(Error::table("pooling segments into ECGs"))?;
        Ok(Self { groups, keys })
    }

    /// Number of ECGs.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Number of segments of each.
    pub(crate) fn sizes(&self) -> Vec<i64> {
        self.groups.sizes.iter().map(|&n| i64::from(n)).collect()
    }

    /// A label's probability of each, out of those of the segments.
    pub(crate) fn pool(&self, label: &Label, scores: &[f32]) -> Vec<f32> {
        self.groups.pool(scores, label.pool)
    }
}

/// The ECGs of a table of segments: idx, save_file and the pooled probabilities of `names`, which are of the label set.
pub(crate) fn pooled(
    path: &Path,
    segments: &DataFrame,
    labels: &LabelSet,
    names: &[&str],
) -> Result<DataFrame> {
    let ecgs = Ecgs::of(path, segments)?;
    let pool = |name: &&str| -> Result<Column> {
        let label = labels.labels.iter().find(|label| label.name == *name);
        let unknown = || Error::keys(path, format!("label `{name}` is not in the label set"));
        let scores = segments
            .column(name)
            .and_then(|column| Ok(column.f32()?.rechunk()));
        let scores = scores.map_err(Error::table("reading probabilities"))?;
        let scores = scores
            .cont_slice()
            .map_err(Error::table("reading probabilities"))?;
        let pooled = ecgs.pool(label.ok_or_else(unknown)?, scores);
        Ok(Float32Chunked::from_vec((*name).into(), pooled).into_column())
    };
    let columns: Vec<Column> = names.par_iter().map(pool).collect::<Result<_>>()?;
    extend(&ecgs.keys, columns.into_iter())
}

/// A table of keys with further columns.
pub(crate) fn extend(keys: &DataFrame, columns: impl Iterator<Item = Column>) -> Result<DataFrame> {
    let all = keys.columns().iter().cloned().chain(columns).collect();
    DataFrame::new_infer_height(all).map_err(Error::table("a label may not be named as a key column is"))
}

fn grouped(path: &Path, keys: &DataFrame) -> Result<Groups> {
    let files = table::str_column(path, keys, SAVE_FILE)?;
    let idx = table::int_column(path, keys, IDX)?;
    let groups = Groups::by(files.iter());
    let mut firsts: Vec<(i64, usize)> = (groups.first.iter())
        .filter_map(|&row| Some((idx.get(row)?, row)))
        .collect();
    firsts.par_sort_unstable();
    if let Some(&[_, (twice, row)]) = firsts.array_windows().find(|[(a, _), (b, _)]| a == b) {
        let what = format!(
            "idx {twice} belongs to more than one save_file, one of them `{}`",
            files.get(row).unwrap_or("")
        );
        return Err(Error::keys(path, what));
    }
    for (row, &group) in groups.of_row.iter().enumerate() {
        let (this, first) = (idx.get(row), idx.get(groups.first[group as usize]));
        if this != first {
            let what = format!(
                "save_file `{}` has idx {first:?} and {this:?}",
                files.get(row).unwrap_or("")
            );
            return Err(Error::keys(path, what));
        }
    }
    Ok(groups)
}
