//! Cells of a line.

use std::borrow::Cow;

/// Separators, in the order in which they are looked for in the first line.
const SEPARATORS: [char; 3] = ['\t', ';', ','];

/// Separator of the cells of a file with this first line: the first of tab, `;` and `,` that is outside quotes.
pub(super) fn separator(line: &str) -> char {
    let outside: Vec<&str> = line.split('"').step_by(2).collect();
    let used = |separator: &char| outside.iter().any(|part| part.contains(*separator));
    SEPARATORS.into_iter().find(used).unwrap_or(',')
}

/// Cells of `line`, without quotes around them. The number of the column, from 1 on, of a quote that is misplaced or not closed.
pub(super) fn split<'a>(line: &'a str, separator: char, cells: &mut Vec<Cow<'a, str>>) -> Result<(), usize> {
    cells.clear();
    let mut rest = line;
    loop {
        let column = cells.len() + 1;
        let cell = rest.trim_start_matches(' ');
        let after = if let Some(quoted) = cell.strip_prefix('"') {
            let (content, after) = unquoted(quoted).ok_or(column)?;
            cells.push(content);
            after.trim_start_matches(' ')
        } else {
            let length = rest.find(separator).unwrap_or(rest.len());
            if rest[..length].contains('"') {
                return Err(column);
            }
            cells.push(Cow::Borrowed(rest[..length].trim()));
            &rest[length..]
        };
        if after.is_empty() {
            return Ok(());
        }
        rest = after.strip_prefix(separator).ok_or(column)?;
    }
}

/// Content of a quoted cell, in which a doubled quote stands for one, and what follows its end.
fn unquoted(quoted: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut from = 0;
    loop {
        let end = from + quoted[from..].find('"')?;
        if !quoted[end + 1..].starts_with('"') {
            let content = quoted[..end].trim();
            let content = if from == 0 {
                Cow::Borrowed(content)
            } else {
                Cow::Owned(content.replace("\"\"", "\""))
            };
            return Some((content, &quoted[end + 1..]));
        }
        from = end + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str) -> Result<Vec<String>, usize> {
        let mut cells = Vec::new();
        split(line, separator(line), &mut cells)?;
        Ok(cells.into_iter().map(Cow::into_owned).collect())
    }

    #[test]
    fn separators_are_found_outside_quotes() {
        assert_eq!(
            ["a,b;c", "a,b\tc;d", "\"a;b\",c", "a"].map(separator),
            [';', '\t', ',', ',']
        );
    }

    #[test]
    fn quotes_are_taken_off_and_misplaced_ones_are_named() {
        assert_eq!(
            cells("a, \"b,c\" ,\"d \"\"e\"\"\",").unwrap(),
            ["a", "b,c", "d \"e\"", ""]
        );
        assert_eq!(cells("a,b\"c"), Err(2));
        assert_eq!(cells("a,\"b"), Err(2));
        assert_eq!(cells("a,\"b\"c,d"), Err(2));
    }
}
