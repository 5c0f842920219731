//! The segments that are predicted, a part of consecutive rows at a time: keys are held, values are read as they are needed.

use crate::ecgs::extend_keys;
use crate::error::{Error, Result};
use crate::probabilities::value_to_probability;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENT, SPLIT};
use ecgfm_artifacts::logits::LogitsFile;
use ecgfm_artifacts::stage_params::Returns;
use polars::prelude::*;
use rayon::prelude::*;
use std::ops::Range;

/// Rows of logits that one thread turns into columns at a time.
const BLOCK: usize = 2048;

/// Rows of logits, without those that are left out.
pub(crate) struct PredictedRows<'a> {
    logits: &'a LogitsFile,
    /// Names of the labels, the columns of probabilities.
    names: &'a [&'a str],
    returns: Returns,
    /// The row of logits of each segment; none where every row is one.
    kept: Option<Vec<u32>>,
    /// A row a segment: segment, idx, save_file, split.
    pub(crate) keys: DataFrame,
}

impl<'a> PredictedRows<'a> {
    /// All rows but those `left_out`, ascending.
    pub(crate) fn new(
        logits: &'a LogitsFile,
        names: &'a [&'a str],
        returns: Returns,
        left_out: &[u32],
    ) -> Result<Self> {
        let failed = || Error::table("keying the logits");
        let mut keys = logits.index.select([SEGMENT, IDX, SAVE_FILE]).map_err(failed())?;
        let kept = (!left_out.is_empty()).then(|| {
            let kept = |row: &u32| left_out.binary_search(row).is_err();
            (0..logits.rows() as u32).filter(kept).collect::<Vec<u32>>()
        });
        if let Some(kept) = &kept {
            keys = keys
                .take(&IdxCa::from_slice(SEGMENT.into(), kept))
                .map_err(failed())?;
        }
        let subset = PlSmallStr::from(logits.subset.as_str());
        let split = Column::new_scalar(SPLIT.into(), subset.into(), keys.height());
        keys.with_column(split).map_err(failed())?;
        Ok(Self {
            logits,
            names,
            returns,
            kept,
            keys,
        })
    }

    /// Number of segments.
    pub(crate) fn len(&self) -> usize {
        self.keys.height()
    }

    /// Keys and probabilities of some of the segments: segment, idx, save_file, split, then a column a label.
    pub(crate) fn read(&self, rows: Range<usize>) -> Result<DataFrame> {
        let values = self.read_values(rows.clone())?;
        let columns = transpose(
            &values,
            rows.len(),
            self.names.len(),
            value_to_probability(self.returns),
        );
        let named = |(name, values): (&&str, Vec<f32>)| {
            Float32Chunked::from_vec((*name).into(), values).into_column()
        };
        let keys = self.keys.slice(rows.start as i64, rows.len());
        extend_keys(&keys, self.names.iter().zip(columns).map(named))
    }

    /// The values of some of the segments, row by row.
    fn read_values(&self, rows: Range<usize>) -> Result<Vec<f32>> {
        let kept = self.kept.as_ref().map(|kept| &kept[rows.clone()]);
        let Some([first, .., last] | [first @ last]) = kept else {
            return Ok(self.logits.read_rows(rows)?);
        };
        let all = self.logits.read_rows(*first as usize..*last as usize + 1)?;
        let labels = self.logits.labels;
        let row = |row: &u32| &all[(row - first) as usize * labels..][..labels];
        Ok(kept.into_iter().flatten().flat_map(row).copied().collect())
    }
}

/// The columns of a row-major array, of whose values `compute` makes others. Rows are taken in blocks that fit a core's cache.
fn transpose(values: &[f32], rows: usize, width: usize, compute: fn(f32) -> f32) -> Vec<Vec<f32>> {
    let mut columns = vec![vec![0.0; rows]; width];
    let mut of_columns: Vec<_> = columns.iter_mut().map(|c| c.chunks_mut(BLOCK)).collect();
    let blocks: Vec<(&[f32], Vec<&mut [f32]>)> = values
        .chunks(BLOCK * width.max(1))
        .map(|block| (block, of_columns.iter_mut().filter_map(Iterator::next).collect()))
        .collect();
    blocks.into_par_iter().for_each(|(block, mut columns)| {
        for (i, row) in block.chunks_exact(width.max(1)).enumerate() {
            for (column, value) in columns.iter_mut().zip(row) {
                column[i] = compute(*value);
            }
        }
    });
    columns
}
