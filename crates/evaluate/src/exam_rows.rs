//! Rows of a table by the number of their exam.

use hashbrown::HashMap;
use polars::prelude::Int64Chunked;

/// The row of every exam: the last, where it has several. Rows without idx are left out.
#[derive(Debug)]
pub(crate) struct ExamRows(HashMap<i64, usize>);

impl ExamRows {
    pub(crate) fn of(idx: &Int64Chunked) -> Self {
        let rows = idx.iter().zip(0..);
        Self(rows.filter_map(|(idx, row)| Some((idx?, row))).collect())
    }

    /// The row of an exam.
    pub(crate) fn find(&self, idx: i64) -> Option<usize> {
        self.0.get(&idx).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::NewChunkedArray;

    #[test]
    fn an_exam_has_its_last_row_and_a_row_without_idx_is_none_of_an_exam() {
        let idx = [Some(7), Some(3), None, Some(7), Some(0)];
        let rows = ExamRows::of(&Int64Chunked::from_slice_options("idx".into(), &idx));
        let found = [0, 3, 7, 8].map(|idx| rows.find(idx));
        assert_eq!(found, [Some(4), Some(1), Some(3), None]);
    }
}
