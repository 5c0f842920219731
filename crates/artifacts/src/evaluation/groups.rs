//! Groups of ECGs by what the records say: by sex, by age, by any column.

use crate::columns::IS_MALE;
use crate::table::cell::{is_missing, parse_boolean, parse_number};

/// The column of the records that makes the groups of `by`.
///
/// ```
/// use ecgfm_artifacts::evaluation::group_column;
/// assert_eq!(["sex", "age", "ward"].map(group_column), ["is_male", "age", "ward"]);
/// ```
pub fn group_column(by: &str) -> &str {
    if by == "sex" { IS_MALE } else { by }
}

/// The group of `by` that a cell puts an ECG in, with its place among the groups; none where the cell says nothing. `age_bands` are the
/// ages at which bands begin.
pub fn group_of(by: &str, age_bands: &[u32], cell: &str) -> Option<(u32, String)> {
    let value = cell.trim();
    if is_missing(value) {
        return None;
    }
    Some(match by {
        "sex" => match parse_boolean(value) {
            Some(true) => (1, "male".to_owned()),
            Some(false) => (0, "female".to_owned()),
            None => (2, value.to_owned()),
        },
        "age" => age_band(age_bands, value),
        _ => (0, value.to_owned()),
    })
}

/// The band of an age: `<40`, `40–59`, …, `≥80`.
fn age_band(bands: &[u32], value: &str) -> (u32, String) {
    // What is no age is a group of its own, not the youngest.
    let Some(age) = parse_number(value).filter(|age| age.is_finite() && *age >= 0.0) else {
        return (u32::MAX - 1, value.to_owned());
    };
    let above = bands.iter().filter(|from| age >= f64::from(**from)).count();
    let name = match (above.checked_sub(1).map(|at| bands[at]), bands.get(above)) {
        (None, None) => "all".to_owned(),
        (None, Some(to)) => format!("<{to}"),
        (Some(from), None) => format!("≥{from}"),
        (Some(from), Some(to)) => format!("{from}–{}", to - 1),
    };
    (above as u32, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_fall_into_bands() {
        let name = |age: &str| age_band(&[40, 60, 80], age).1;
        assert_eq!(
            ["0", "39.9", "40", "59", "80", "101"].map(name),
            ["<40", "<40", "40–59", "40–59", "≥80", "≥80"]
        );
        assert_eq!(age_band(&[], "50").1, "all");
        assert_eq!(["n/a", "NaN", "-1", "inf"].map(name), ["n/a", "NaN", "-1", "inf"]);
    }

    #[test]
    fn a_cell_that_says_nothing_is_in_no_group() {
        let sex = |cell: &str| group_of("sex", &[], cell).map(|(_, name)| name);
        assert_eq!(
            [" True", "0", "NA", " "].map(sex),
            [Some("male"), Some("female"), None, None].map(|s| s.map(str::to_owned))
        );
        assert_eq!(group_of("ward", &[], " 3 "), Some((0, "3".to_owned())));
    }
}
