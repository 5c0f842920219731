//! Which row of a table is an exam's: what joins are made of here.

use hashbrown::HashMap;
use polars::prelude::Int64Chunked;

/// A table may be so many times as long as there are keys in it before it takes more time than hashing does.
const SPARSEST: usize = 8;
/// No row.
const NONE: u32 = u32::MAX;

/// The row of each key of a table, of which there are fewer than 2³² − 1.
#[derive(Debug)]
pub(crate) enum RowOf {
    /// Most numbers between the first and the last are keys, as where exams are counted through: hashing takes longer.
    Dense { first: i64, rows: Vec<u32> },
    /// Any numbers.
    Any(HashMap<i64, u32>),
}

impl RowOf {
    /// That of each key; of one that stands there twice, the last.
    pub(crate) fn of(keys: &Int64Chunked) -> Self {
        let pairs = || keys.iter().zip(0u32..).filter_map(|(key, row)| Some((key?, row)));
        let (first, last) = pairs().fold((i64::MAX, i64::MIN), |(first, last), (key, _)| {
            (first.min(key), last.max(key))
        });
        let span = last.checked_sub(first).and_then(|d| usize::try_from(d).ok());
        match span.filter(|span| span / SPARSEST < keys.len()) {
            Some(span) => {
                let mut rows = vec![NONE; span + 1];
                pairs().for_each(|(key, row)| rows[(key - first) as usize] = row);
                Self::Dense { first, rows }
            }
            None => Self::Any(pairs().collect()),
        }
    }

    /// None where there is no such key.
    pub(crate) fn get(&self, key: i64) -> Option<u32> {
        match self {
            Self::Dense { first, rows } => {
                let at = usize::try_from(key.checked_sub(*first)?).ok()?;
                rows.get(at).copied().filter(|row| *row != NONE)
            }
            Self::Any(rows) => rows.get(&key).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_among_near_and_far_keys() {
        for (keys, dense) in [
            (vec![Some(5), Some(3), None, Some(9)], true),
            (vec![Some(-2), Some(-3)], true),
            (vec![Some(i64::MIN), Some(i64::MAX)], false),
            (vec![Some(0), Some(1 << 40)], false),
            (vec![], false),
        ] {
            let column = Int64Chunked::from_iter(keys.clone());
            let rows = RowOf::of(&column);
            assert_eq!(matches!(rows, RowOf::Dense { .. }), dense, "{keys:?}");
            for (row, key) in keys
                .iter()
                .enumerate()
                .filter_map(|(row, key)| Some((row, (*key)?)))
            {
                assert_eq!(rows.get(key), Some(row as u32));
            }
            for stranger in [i64::MIN + 1, -1, 4, 8, 10, 1 << 32, i64::MAX - 1] {
                assert_eq!(rows.get(stranger), None, "{stranger} among {keys:?}");
            }
        }
    }
}
