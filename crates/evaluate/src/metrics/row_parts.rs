//! Parts of rows that are scored along with all of them.

use std::borrow::Cow;

/// Most sets of parts that a pass over the rows tells apart, unless the groups of one attribute are more: every positive row adds up
/// the negatives of all sets.
const MOST_SETS: usize = 16;

/// Parts of rows. Part 0 is all rows; the others are groups of them.
#[derive(Debug, Clone)]
pub struct RowParts {
    /// Passes over the rows, which score every part in one of them.
    pub(super) passes: Vec<PartsOfPass>,
    /// Number of parts.
    pub(super) count: usize,
}

/// The parts that one pass over the rows scores. Rows that are in the same parts are a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartsOfPass {
    /// The number of each row's set; none where all rows are in set 0.
    pub(super) set_of_row: Vec<u16>,
    /// The parts of each set.
    pub(super) parts_of_set: Vec<Vec<usize>>,
}

impl RowParts {
    /// All rows alone.
    pub fn whole() -> Self {
        let pass = PartsOfPass {
            set_of_row: Vec::new(),
            parts_of_set: vec![vec![0]],
        };
        Self {
            passes: vec![pass],
            count: 1,
        }
    }

    /// All of `rows` rows, and groups of them, which are numbered from 1 in their order. A row is in one group of an attribute at most;
    /// an attribute has fewer than 2¹⁶ groups.
    pub fn with_groups(rows: usize, attributes: &[Vec<&[usize]>]) -> Self {
        let mut parts = Self::whole();
        for groups in attributes {
            let mut group_of_row = vec![0; rows];
            for (group, of_group) in (1..).zip(groups) {
                for &row in of_group.iter() {
                    debug_assert_eq!(group_of_row[row], 0, "row {row} is in two groups of an attribute");
                    group_of_row[row] = group;
                }
            }
            let first = parts.count;
            parts.count += groups.len();
            let last = parts.passes.last_mut();
            let divided = last.as_ref().map(|pass| pass.divide(&group_of_row, first));
            match (last, divided.filter(|pass| pass.parts_of_set.len() <= MOST_SETS)) {
                (Some(last), Some(divided)) => *last = divided,
                _ => parts
                    .passes
                    .push(PartsOfPass::empty().divide(&group_of_row, first)),
            }
        }
        parts
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.count - 1
    }
}

impl PartsOfPass {
    /// No part.
    fn empty() -> Self {
        Self {
            set_of_row: Vec::new(),
            parts_of_set: vec![Vec::new()],
        }
    }

    /// The set of a row.
    fn set_of(&self, row: usize) -> usize {
        self.set_of_row.get(row).map_or(0, |set| usize::from(*set))
    }

    /// The same with the groups of one more attribute as parts, numbered from `first`. The group of each row is numbered from 1; 0 is none.
    fn divide(&self, group_of_row: &[u16], first: usize) -> Self {
        let mut divided = Self {
            set_of_row: Vec::with_capacity(group_of_row.len()),
            parts_of_set: Vec::new(),
        };
        // The group and the number of each set that a set is divided into: few.
        let mut divisions: Vec<Vec<(u16, u16)>> = vec![Vec::new(); self.parts_of_set.len()];
        for (row, &group) in group_of_row.iter().enumerate() {
            let set = self.set_of(row);
            let known = divisions[set].iter().find(|(of, _)| *of == group);
            let number = known.map(|(_, number)| *number).unwrap_or_else(|| {
                let number = divided.parts_of_set.len() as u16;
                let part = group.checked_sub(1).map(|group| first + usize::from(group));
                let parts = self.parts_of_set[set].iter().copied().chain(part);
                divided.parts_of_set.push(parts.collect());
                divisions[set].push((group, number));
                number
            });
            divided.set_of_row.push(number);
        }
        divided
    }

    /// The set of each row but for those `left_out`, ascending; none where all are in set 0.
    pub(super) fn sets_without(&self, left_out: &[u32]) -> Cow<'_, [u16]> {
        if left_out.is_empty() || self.set_of_row.is_empty() {
            return Cow::Borrowed(&self.set_of_row);
        }
        let mut left_out = left_out.iter().peekable();
        let kept = (0..).zip(&self.set_of_row);
        let kept = kept.filter(|(row, _)| left_out.next_if_eq(&row).is_none());
        kept.map(|(_, set)| *set).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of each row, pass by pass.
    fn parts_of_rows(parts: &RowParts, rows: usize) -> Vec<Vec<Vec<usize>>> {
        let of_pass = |pass: &PartsOfPass| {
            let of_row = |row| pass.parts_of_set[pass.set_of(row)].clone();
            (0..rows).map(of_row).collect()
        };
        parts.passes.iter().map(of_pass).collect()
    }

    #[test]
    fn rows_of_the_same_parts_are_one_set() {
        let sex = vec![&[0, 2, 4][..], &[1][..]];
        let age = vec![&[0, 1][..], &[2, 3, 4][..]];
        let parts = RowParts::with_groups(5, &[sex, age]);
        assert_eq!(parts.count, 5);
        assert_eq!(
            parts_of_rows(&parts, 5),
            [[
                vec![0, 1, 3],
                vec![0, 2, 3],
                vec![0, 1, 4],
                vec![0, 4],
                vec![0, 1, 4]
            ]]
        );
        assert_eq!(parts.passes[0].parts_of_set.len(), 4);
        assert_eq!(*parts.passes[0].sets_without(&[1, 3]), [0, 2, 2]);
        assert_eq!(parts_of_rows(&RowParts::whole(), 2), [[vec![0], vec![0]]]);
    }

    #[test]
    fn more_sets_than_a_positive_row_can_add_up_are_of_another_pass() {
        let rows: Vec<usize> = (0..60).collect();
        let halves: Vec<&[usize]> = rows.chunks(30).collect();
        let sixths: Vec<&[usize]> = rows.chunks(10).collect();
        let single: Vec<&[usize]> = rows.chunks(1).collect();
        let parts = RowParts::with_groups(60, &[halves.clone(), single, sixths, halves]);
        let sets: Vec<usize> = parts.passes.iter().map(|pass| pass.parts_of_set.len()).collect();
        assert_eq!((sets, parts.count), (vec![2, 60, 6], 1 + 2 + 60 + 6 + 2));
        let of_last_row: Vec<_> = parts_of_rows(&parts, 60)
            .into_iter()
            .map(|rows| rows[59].clone())
            .collect();
        assert_eq!(of_last_row, [vec![0, 2], vec![62], vec![68, 70]]);
    }
}
