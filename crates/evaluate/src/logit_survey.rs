//! What must be known of all values before the first row is predicted, in one pass over the file.

use crate::error::Result;
use ecgfm_artifacts::logits::LogitsFile;
use ecgfm_artifacts::stage_params::ValueRange;

/// Segments that are looked at together.
const BLOCK: usize = 1 << 14;

/// A value, by its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ValueAt {
    pub(crate) row: usize,
    pub(crate) label: usize,
    pub(crate) value: f32,
}

/// Findings about the values of a model.
#[derive(Debug, Default)]
pub(crate) struct LogitSurvey {
    /// Range of the finite values.
    pub(crate) range: ValueRange,
    /// The first value that is no probability.
    pub(crate) no_probability: Option<ValueAt>,
    /// The first value that is not finite.
    pub(crate) not_finite: Option<ValueAt>,
    /// Rows with a value that is not finite, ascending.
    pub(crate) rows_not_finite: Vec<u32>,
}

impl LogitSurvey {
    /// Reads all values, a block at a time.
    ///
    /// # Errors
    /// I/O.
    pub(crate) fn read(logits: &LogitsFile) -> Result<Self> {
        let mut survey = Self::default();
        for first in (0..logits.rows()).step_by(BLOCK) {
            let values = logits.read_rows(first..(first + BLOCK).min(logits.rows()))?;
            survey.add(first, &values, logits.labels.max(1));
        }
        Ok(survey)
    }

    /// Adds rows of so many labels, of which the first is row `first`.
    fn add(&mut self, first: usize, values: &[f32], labels: usize) {
        let at = |place: usize| ValueAt {
            row: first + place / labels,
            label: place % labels,
            value: values[place],
        };
        let mut range = ValueRange::default();
        range.add(values);
        if self.no_probability.is_none() && range.leaves_unit_interval() {
            self.no_probability = values.iter().position(is_no_probability).map(at);
        }
        self.range.join(range);
        if values.iter().all(|value| value.is_finite()) {
            return;
        }
        if self.not_finite.is_none() {
            self.not_finite = values.iter().position(|value| !value.is_finite()).map(at);
        }
        let rows = values.chunks_exact(labels).zip(first as u32..);
        let not_finite = rows.filter(|(row, _)| row.iter().any(|value| !value.is_finite()));
        self.rows_not_finite.extend(not_finite.map(|(_, row)| row));
    }
}

fn is_no_probability(value: &f32) -> bool {
    let mut range = ValueRange::default();
    range.add(&[*value]);
    range.leaves_unit_interval()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_find_what_stands_in_all_values() {
        let mut survey = LogitSurvey::default();
        survey.add(0, &[0.5, 0.1, f32::NAN, 1.0], 2);
        survey.add(2, &[0.5, 3.0, -1.0, f32::INFINITY], 2);
        let at = |row, label, value| Some(ValueAt { row, label, value });
        assert_eq!(survey.no_probability, at(2, 1, 3.0));
        assert_eq!(survey.range.ends(), Some((-1.0, 3.0)));
        assert_eq!(survey.rows_not_finite, [1, 3]);
        let first = survey.not_finite.unwrap();
        assert!((first.row, first.label) == (1, 0) && first.value.is_nan());
    }
}
