//! A column of text in few pieces of memory, however many cells it has.

use std::ops::Range;

/// Cells of text, one after the other: their bytes and 4 more each. An archive may have millions of exams.
///
/// ```
/// let column: ecgfm_artifacts::table::TextColumn = ["a", "", "bc"].into_iter().collect();
/// assert_eq!((column.len(), column.get(2), column.get(3)), (3, Some("bc"), None));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextColumn {
    blocks: Vec<Block>,
    cells: usize,
}

/// Cells whose text is less than 4 GiB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Block {
    /// Number of cells before it.
    first: usize,
    text: String,
    /// Where in `text` each cell ends.
    ends: Vec<u32>,
}

/// Bytes of text in a block, unless a single cell is longer.
const BLOCK: usize = 1 << 20;

impl TextColumn {
    /// Adds a cell.
    pub fn push(&mut self, cell: &str) {
        let fits = |block: &Block| block.text.is_empty() || block.text.len() + cell.len() <= BLOCK;
        if !self.blocks.last().is_some_and(fits) {
            if let Some(full) = self.blocks.last_mut() {
                full.text.shrink_to_fit();
                full.ends.shrink_to_fit();
            }
            self.blocks.push(Block {
                first: self.cells,
                ..Block::default()
            });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.text.push_str(cell);
            // A cell is part of a record, which is far shorter than this.
            block
                .ends
                .push(u32::try_from(block.text.len()).unwrap_or(u32::MAX));
        }
        self.cells += 1;
    }

    /// Adds all cells of another column.
    pub fn append(&mut self, other: &Self) {
        other.iter().for_each(|cell| self.push(cell));
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells
    }

    /// True where there is no cell.
    pub fn is_empty(&self) -> bool {
        self.cells == 0
    }

    /// The cell of a row; none beyond the last.
    pub fn get(&self, row: usize) -> Option<&str> {
        let after = self.blocks.partition_point(|block| block.first <= row);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        block.text.get(block.range(row - block.first)?)
    }

    /// All cells, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().flat_map(Block::iter)
    }
}

impl Block {
    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|cell| self.text.get(self.range(cell)?))
    }

    fn range(&self, cell: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(cell)? as usize;
        let start = cell.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(start..end)
    }
}

impl<T: AsRef<str>> FromIterator<T> for TextColumn {
    fn from_iter<I: IntoIterator<Item = T>>(cells: I) -> Self {
        let mut column = Self::default();
        cells.into_iter().for_each(|cell| column.push(cell.as_ref()));
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_whatever_block_they_are_in() {
        let long = "x".repeat(BLOCK / 3);
        let cells = [
            "",
            &long,
            "a",
            &long,
            "",
            &long,
            "b",
            &"y".repeat(2 * BLOCK),
            "",
            "é",
        ];
        let column: TextColumn = cells.into_iter().collect();
        assert!(column.blocks.len() > 2);
        assert_eq!(column.iter().collect::<Vec<_>>(), cells);
        for (row, cell) in cells.into_iter().enumerate() {
            assert_eq!(column.get(row), Some(cell));
        }
        assert_eq!(column.get(cells.len()), None);
    }
}
