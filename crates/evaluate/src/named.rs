//! Sets of labels as text: names joined by `, `, in order; nothing is the empty text.

use polars::prelude::*;
use rayon::prelude::*;

/// Rows that one thread joins at a time.
const ROWS: usize = 1 << 13;

/// Names of the labels that hold in each of `rows` rows; one column of decisions a name.
pub(crate) fn joined(names: &[&str], columns: &[Vec<bool>], rows: usize) -> StringChunked {
    let starts: Vec<usize> = (0..rows).step_by(ROWS).collect();
    let part = |start: usize| {
        let rows = start..(start + ROWS).min(rows);
        let mut texts = StringChunkedBuilder::new(PlSmallStr::EMPTY, rows.len());
        let mut text = String::new();
        for row in rows {
            text.clear();
            for (name, _) in names.iter().zip(columns).filter(|(_, column)| column[row]) {
                if !text.is_empty() {
                    text.push_str(", ");
                }
                text.push_str(name);
            }
            texts.append_value(&text);
        }
        texts.finish()
    };
    let parts: Vec<StringChunked> = starts.into_par_iter().map(part).collect();
    let parts = parts.into_iter().flat_map(StringChunked::downcast_into_iter);
    StringChunked::from_chunk_iter(PlSmallStr::EMPTY, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_in_order_and_none_is_empty() {
        let columns = [vec![true, false, true], vec![true, false, false]];
        let texts = joined(&["SB", "AF"], &columns, 3);
        assert!(texts.iter().eq([Some("SB, AF"), Some(""), Some("SB")]));
        let many = vec![true; 3 * ROWS + 1];
        let texts = joined(&["SB"], &[many], 3 * ROWS + 1);
        assert!(texts.len() == 3 * ROWS + 1 && texts.iter().all(|text| text == Some("SB")));
        assert_eq!(joined(&["SB"], &[vec![]], 0).len(), 0);
    }
}
