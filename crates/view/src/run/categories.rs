//! A column of few texts.

use hashbrown::HashMap;

/// Texts of which there are few, two bytes a cell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Categories {
    /// The texts, in the order in which they are offered.
    pub(crate) names: Vec<String>,
    codes: Vec<u16>,
}

/// Cell that holds nothing.
const NONE: u16 = u16::MAX;

impl Categories {
    /// A column of `rows` cells that hold nothing.
    pub(crate) fn empty(rows: usize) -> Self {
        Self {
            names: Vec::new(),
            codes: vec![NONE; rows],
        }
    }

    /// Reads cells: `name` makes the text of a cell, and what texts are ordered by first, once for all cells that are alike. None
    /// where there are more texts than two bytes count.
    pub(crate) fn read<'a>(
        cells: impl Iterator<Item = &'a str>,
        mut name: impl FnMut(&str) -> Option<(u32, String)>,
    ) -> Option<Self> {
        let mut known: HashMap<&str, u16> = HashMap::new();
        let mut found: Vec<(u32, String)> = Vec::new();
        let mut codes = Vec::with_capacity(cells.size_hint().0);
        for cell in cells {
            let code = match known.get(cell) {
                Some(code) => *code,
                None => {
                    let code = match name(cell) {
                        None => NONE,
                        Some(named) => code_of(&mut found, named)?,
                    };
                    known.insert(cell, code);
                    code
                }
            };
            codes.push(code);
        }
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by(|a, b| found[*a].cmp(&found[*b]));
        let mut place = vec![NONE; found.len()];
        order.iter().zip(0..).for_each(|(code, at)| place[*code] = at);
        codes
            .iter_mut()
            .filter(|code| **code != NONE)
            .for_each(|code| *code = place[*code as usize]);
        let names = order
            .iter()
            .map(|code| std::mem::take(&mut found[*code].1))
            .collect();
        Some(Self { names, codes })
    }

    /// Reads cells whose text is what they hold; those that are empty hold nothing.
    pub(crate) fn of_texts<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Self> {
        Self::read(cells, |cell| (!cell.is_empty()).then(|| (0, cell.to_owned())))
    }

    /// Moves cells to other rows of a column of `rows`: `row_of` says where each belongs.
    pub(crate) fn placed(self, rows: usize, row_of: impl Iterator<Item = Option<u32>>) -> Self {
        let mut codes = vec![NONE; rows];
        for (code, row) in self.codes.into_iter().zip(row_of) {
            if let Some(cell) = row.and_then(|row| codes.get_mut(row as usize)) {
                *cell = code;
            }
        }
        Self { codes, ..self }
    }

    /// The number of a row's text; none where it holds nothing or there is no such row.
    pub(crate) fn code(&self, row: usize) -> Option<u16> {
        self.codes.get(row).copied().filter(|code| *code != NONE)
    }

    /// A row's text.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        self.names.get(self.code(row)? as usize).map(String::as_str)
    }
}

fn code_of(found: &mut Vec<(u32, String)>, named: (u32, String)) -> Option<u16> {
    let at = found.iter().position(|known| *known == named).unwrap_or_else(|| {
        found.push(named);
        found.len() - 1
    });
    u16::try_from(at).ok().filter(|code| *code != NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_text_and_texts_their_order() {
        let cells = ["b", "", "a", "b", "x"];
        let column = Categories::read(cells.into_iter(), |cell| match cell {
            "" => None,
            "x" => Some((0, "last in the table".to_owned())),
            other => Some((1, other.to_owned())),
        });
        let column = column.unwrap();
        assert_eq!(column.names, ["last in the table", "a", "b"]);
        let texts: Vec<Option<&str>> = (0..6).map(|row| column.get(row)).collect();
        let expected = [
            Some("b"),
            None,
            Some("a"),
            Some("b"),
            Some("last in the table"),
            None,
        ];
        assert_eq!(texts, expected);
        let moved = column.placed(3, [Some(2), None, Some(0), Some(9), None].into_iter());
        assert_eq!(
            [0, 1, 2, 3].map(|row| moved.get(row)),
            [Some("a"), None, Some("b"), None]
        );
    }
}
