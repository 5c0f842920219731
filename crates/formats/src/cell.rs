//! Parsing of the text of one cell: missing values, booleans and numbers.
//!
//! Every program that writes tables has its own text for a missing value: R and Stata write `NA` or `.`, pandas `NaN` or
//! nothing, a database `NULL`, Python `None`. All of them are missing here, in any case and with blanks around.

/// Texts of a missing value, in lower case.
const MISSING: [&str; 11] = [
    "", "na", "n/a", "nan", "null", "none", ".", "<na>", "#n/a", "-nan", "nat",
];
/// Length of the longest of them, in bytes.
const LONGEST: usize = 4;

/// Returns true for a cell that holds nothing: it is empty, or holds what another program writes for a missing value.
///
/// ```
/// use ecgfm_formats::cell::is_missing;
/// assert!(["", " ", "NA", "NaN", "null", "None", "."].into_iter().all(is_missing));
/// assert!(!is_missing("0") && !is_missing("nobody"));
/// ```
pub fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    cell.len() <= LONGEST && MISSING.iter().any(|text| cell.eq_ignore_ascii_case(text))
}

/// True or False, as Python, R, JSON and numbers write them; nothing for any other text.
///
/// ```
/// use ecgfm_formats::cell::parse_boolean;
/// assert_eq!(["True", "TRUE", "0.0", "perhaps"].map(parse_boolean), [Some(true), Some(true), Some(false), None]);
/// ```
pub fn parse_boolean(cell: &str) -> Option<bool> {
    match cell.trim() {
        "True" | "true" | "TRUE" | "1" | "1.0" => Some(true),
        "False" | "false" | "FALSE" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

/// An integer, also where pandas has turned its column into floats (`7.0`); nothing for any other text.
///
/// ```
/// use ecgfm_formats::cell::parse_integer;
/// assert_eq!(["7", " 7.0", "7.5", "NA"].map(parse_integer), [Some(7), Some(7), None, None]);
/// ```
pub fn parse_integer(cell: &str) -> Option<i64> {
    let cell = cell.trim();
    cell.parse()
        .ok()
        .or_else(|| cell.strip_suffix(".0")?.parse().ok())
}

/// A number; nothing for any other text, NaN among it.
///
/// ```
/// use ecgfm_formats::cell::parse_number;
/// assert_eq!(["51.5", " 1e2", "NaN", "old"].map(parse_number), [Some(51.5), Some(100.0), None, None]);
/// ```
pub fn parse_number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok().filter(|v: &f64| !v.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_missing_value_is_a_value_and_the_longest_is_looked_at() {
        for text in MISSING {
            assert!(text.len() <= LONGEST, "{text}");
            for cell in [text.to_owned(), text.to_uppercase(), format!("  {text} ")] {
                assert!(is_missing(&cell), "`{cell}`");
                assert_eq!(
                    (parse_boolean(&cell), parse_integer(&cell), parse_number(&cell)),
                    (None, None, None),
                    "`{cell}`"
                );
            }
        }
        for value in ["0", "False", "-", "n", "nano", "NA1", "..", "1.0"] {
            assert!(!is_missing(value), "`{value}`");
        }
    }
}
