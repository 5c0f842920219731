//! Values by the number of what they are of: an exam, a patient.

use hashbrown::HashMap;
use polars::prelude::Int64Chunked;

/// The value of every number: the last, where several are given.
#[derive(Debug)]
pub(crate) struct ByNumber<V>(Lookup<V>);

#[derive(Debug)]
enum Lookup<V> {
    /// The value of `first + i` is at i, if bit i says that it was given. The exams of a table are usually numbered one after another, and
    /// a place is found in one step where a hash leads all over memory.
    InOrder {
        first: i64,
        values: Vec<V>,
        given: Vec<u64>,
    },
    Hashed(HashMap<i64, V>),
}

/// Places without a value, in times the number of values, above which numbers are hashed.
const MOST_EMPTY: u64 = 3;

const BITS: usize = u64::BITS as usize;

impl<V: Copy + Default> FromIterator<(i64, V)> for ByNumber<V> {
    fn from_iter<I: IntoIterator<Item = (i64, V)>>(values: I) -> Self {
        let given: Vec<(i64, V)> = values.into_iter().collect();
        let numbers = || given.iter().map(|(number, _)| *number);
        let first = numbers().min().unwrap_or_default();
        let places = numbers()
            .max()
            .map_or(0, |last| last.abs_diff(first).saturating_add(1));
        if places > (MOST_EMPTY + 1) * given.len() as u64 {
            return Self(Lookup::Hashed(given.into_iter().collect()));
        }
        let mut values = vec![V::default(); places as usize];
        let mut bits = vec![0; values.len().div_ceil(BITS)];
        for (number, value) in given {
            let at = number.abs_diff(first) as usize;
            values[at] = value;
            bits[at / BITS] |= 1 << (at % BITS);
        }
        Self(Lookup::InOrder {
            first,
            values,
            given: bits,
        })
    }
}

impl<V: Copy> ByNumber<V> {
    /// The value of a number.
    pub(crate) fn find(&self, number: i64) -> Option<V> {
        match &self.0 {
            Lookup::InOrder { first, values, given } => {
                let at = usize::try_from(number.checked_sub(*first)?).ok()?;
                let is_given = given.get(at / BITS)? >> (at % BITS) & 1 == 1;
                is_given.then(|| values.get(at).copied()).flatten()
            }
            Lookup::Hashed(values) => values.get(&number).copied(),
        }
    }
}

/// The row of every exam, of fewer than 2³² as polars has them. Rows without idx are left out.
pub(crate) fn rows_by_exam(idx: &Int64Chunked) -> ByNumber<u32> {
    let rows = idx.iter().zip(0..);
    rows.filter_map(|(idx, row)| Some((idx?, row))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::NewChunkedArray;
    use proptest::prelude::*;

    #[test]
    fn an_exam_has_its_last_row_and_a_row_without_idx_is_none_of_an_exam() {
        let idx = [Some(7), Some(3), None, Some(7), Some(0)];
        let rows = rows_by_exam(&Int64Chunked::from_slice_options("idx".into(), &idx));
        let found = [0, 3, 7, 8].map(|idx| rows.find(idx));
        assert_eq!(found, [Some(4), Some(1), Some(3), None]);
    }

    proptest! {
        #[test]
        fn numbers_far_from_each_other_and_near_are_found_alike(
            given in prop_oneof![
                prop::collection::vec((-9i64..9, 0u8..9), 0..20),
                prop::collection::vec((any::<i64>(), 0u8..9), 0..20),
                prop::collection::vec((prop::sample::select(vec![i64::MIN, 0, i64::MAX]), 0u8..9), 0..4),
            ],
            others: Vec<i64>,
        ) {
            let expected: HashMap<i64, u8> = given.iter().copied().collect();
            let found: ByNumber<u8> = given.iter().copied().collect();
            for idx in given.iter().map(|(idx, _)| *idx).chain(others).chain([i64::MIN, -1, 0, i64::MAX]) {
                prop_assert_eq!(found.find(idx), expected.get(&idx).copied());
            }
        }
    }
}
