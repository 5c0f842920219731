//! Rows of a table by a key in text, such as the segments of a recording.

use ecgfm_artifacts::table::TextColumn;

/// Rows by key: the keys' own bytes and eight more a row.
pub(crate) struct KeyedRows {
    /// Key of each row.
    keys: TextColumn,
    /// Rows in the order of their keys.
    order: Vec<u32>,
}

impl KeyedRows {
    pub(crate) fn new(keys: TextColumn) -> Self {
        let mut order: Vec<u32> = (0..).take(keys.len()).collect();
        // Tables of segments are in the order of their keys, or nearly: then this is one pass.
        order.sort_by_key(|row| keys.get(*row as usize));
        Self { keys, order }
    }

    /// Rows that have the key, ascending.
    pub(crate) fn rows(&self, key: &str) -> &[u32] {
        let key_of = |row: &u32| self.keys.get(*row as usize).unwrap_or_default();
        let from = self.order.partition_point(|row| key_of(row) < key);
        let rest = &self.order[from..];
        &rest[..rest.partition_point(|row| key_of(row) == key)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_wherever_they_stand() {
        let rows = KeyedRows::new(["b", "a", "b", "c", "b"].into_iter().collect());
        assert_eq!(
            [rows.rows("b"), rows.rows("a"), rows.rows("c")],
            [&[0, 2, 4][..], &[1], &[3]]
        );
        assert!(rows.rows("").is_empty() && rows.rows("bb").is_empty() && rows.rows("d").is_empty());
    }
}
