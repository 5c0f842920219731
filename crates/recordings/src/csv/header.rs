//! Columns of a CSV file.

use super::time::TimeUnit;
use crate::amplitude::millivolts_per;
use ecgfm_formats::cell::{is_missing, parse_number};
use std::borrow::Cow;

/// Content of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CsvColumn {
    Lead {
        name: String,
        /// Millivolts of a value of 1, where the header has a unit.
        millivolts: Option<f64>,
    },
    Time(TimeUnit),
}

/// Columns that the first row names; none where it holds values.
pub(super) fn columns(first: &[Cow<'_, str>]) -> Option<Vec<CsvColumn>> {
    let is_value = |cell: &Cow<'_, str>| is_missing(cell) || parse_number(&cell.replace(',', ".")).is_some();
    if first.iter().all(is_value) {
        return None;
    }
    Some(first.iter().map(|cell| column(cell)).collect())
}

fn column(cell: &str) -> CsvColumn {
    let (name, unit) = with_unit(cell);
    if let Some(time) = TimeUnit::of_column(name, unit) {
        return CsvColumn::Time(time);
    }
    match unit.and_then(millivolts_per) {
        Some(millivolts) => CsvColumn::Lead {
            name: name.to_owned(),
            millivolts: Some(millivolts),
        },
        None => CsvColumn::Lead {
            name: cell.to_owned(),
            millivolts: None,
        },
    }
}

/// Name and unit of `name (unit)` or `name [unit]`.
fn with_unit(cell: &str) -> (&str, Option<&str>) {
    let bracketed = |open, close| {
        let (name, unit) = cell.strip_suffix(close)?.rsplit_once(open)?;
        Some((name.trim(), unit.trim()))
    };
    match bracketed('(', ')').or_else(|| bracketed('[', ']')) {
        Some((name, unit)) => (name, Some(unit)),
        None => (cell, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_units_and_time_are_told_from_values() {
        let lead = |name: &str, millivolts| CsvColumn::Lead {
            name: name.to_owned(),
            millivolts,
        };
        let first = ["Time (ms)", "II [uV]", "Lead I (Einthoven)", "V1"].map(Cow::Borrowed);
        let wanted = [
            CsvColumn::Time(TimeUnit::Milliseconds),
            lead("II", Some(1e-3)),
            lead("Lead I (Einthoven)", None),
            lead("V1", None),
        ];
        assert_eq!(columns(&first).unwrap(), wanted);
        assert_eq!(columns(&["1,5", "NA", "-2e3"].map(Cow::Borrowed)), None);
    }
}
