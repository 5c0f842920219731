//! Rows of a forest plot, and the axis that their values lie on.

use super::shape::Series;
use crate::text::number_text;
use std::fmt::Write;

/// Rows of one heading.
#[derive(Debug, Clone)]
pub(crate) struct ForestGroup {
    /// Text above the rows; none where it is empty.
    pub(crate) heading: String,
    /// Rows, from top to bottom.
    pub(crate) rows: Vec<ForestRow>,
}

/// A named value with its interval.
#[derive(Debug, Clone)]
pub(crate) struct ForestRow {
    /// Name at the left.
    pub(crate) name: String,
    /// Value; none where it is undefined.
    pub(crate) value: Option<f64>,
    /// Ends of the interval.
    pub(crate) interval: Option<(f64, f64)>,
    /// Words in the place of a value that is undefined.
    pub(crate) absent: &'static str,
    /// Origin of the value.
    pub(crate) series: Series,
}

/// Values along a chart, and how they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForestAxis {
    /// Value at the left end.
    pub(super) start: f64,
    /// Value at the right end.
    pub(super) end: f64,
    step: f64,
    /// Says if values are differences.
    pub(super) signed: bool,
}

impl ForestAxis {
    /// Of shares: ends at 1 and begins at the tenth below the least value.
    pub(crate) fn of_shares(groups: &[ForestGroup]) -> Self {
        let least = all_ends(groups).fold(0.9, f64::min);
        let start = ((least * 10.0 + 1e-9).floor() / 10.0).clamp(0.0, 0.9);
        Self {
            start,
            end: 1.0,
            step: if start > 0.85 { 0.05 } else { 0.1 },
            signed: false,
        }
    }

    /// Of differences: as far below 0 as above it.
    pub(crate) fn of_differences(groups: &[ForestGroup]) -> Self {
        let most = all_ends(groups).map(f64::abs).fold(0.0, f64::max);
        let reach = [0.02, 0.05, 0.1, 0.2, 0.5]
            .into_iter()
            .find(|reach| most <= *reach);
        let reach = reach.unwrap_or(1.0);
        Self {
            start: -reach,
            end: reach,
            step: reach / 2.0,
            signed: true,
        }
    }

    /// Value of a row with its interval, or the words in its place.
    pub(crate) fn row_text(&self, row: &ForestRow) -> String {
        let Some(value) = row.value else {
            return row.absent.to_owned();
        };
        let mut words = self.value_text(value);
        if let Some((lo, hi)) = row.interval {
            let to = if self.signed { " to " } else { "–" };
            // Writing to a String does not fail.
            let _ = write!(words, " ({}{to}{})", self.value_text(lo), self.value_text(hi));
        }
        words
    }

    /// Values that are marked on a line of a length, and if each has room for its number; the last has.
    pub(super) fn ticks(&self, length: f64) -> impl Iterator<Item = (f64, bool)> + use<> {
        let steps = ((self.end - self.start) / self.step).round() as usize;
        let every = (self.tick_room() * steps.max(1) as f64 / length).ceil().max(1.0) as usize;
        let (start, step) = (self.start, self.step);
        (0..=steps).map(move |at| (start + at as f64 * step, (steps - at).is_multiple_of(every)))
    }

    fn value_text(&self, value: f64) -> String {
        match self.signed {
            true => signed_text(value, 3),
            false => number_text(value),
        }
    }

    /// Room that the number of a tick needs.
    fn tick_room(&self) -> f64 {
        if self.signed { 40.0 } else { 26.0 }
    }

    /// Number of a marked value.
    pub(super) fn tick_text(&self, value: f64) -> String {
        match self.signed {
            true => signed_text(value, if self.step < 0.1 { 3 } else { 2 }),
            false => format!("{value:.0$}", if self.step < 0.1 { 2 } else { 1 }),
        }
    }
}

/// A number with its sign; 0 has none.
fn signed_text(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    match value {
        _ if zero => text,
        v if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// Ends of every interval, and values that have none.
fn all_ends(groups: &[ForestGroup]) -> impl Iterator<Item = f64> {
    let rows = groups.iter().flat_map(|group| &group.rows);
    rows.flat_map(|row| match row.interval {
        Some((lo, hi)) => [Some(lo), Some(hi)],
        None => [row.value, None],
    })
    .flatten()
}
