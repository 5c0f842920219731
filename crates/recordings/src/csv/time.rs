//! Sample rate from a column of time.

/// Unit of a column of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeUnit {
    Seconds,
    Milliseconds,
    /// The name of the column has none: seconds, if that makes a sample rate.
    Unnamed,
}

/// Slowest and fastest sampling that a column without a unit may mean, in Hz. Of the rates of ECGs, 50 to 2000 Hz, none is
/// within these bounds if its milliseconds are taken for seconds.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 20.0..=1e5;
/// Largest difference, as a share, between the stated rate and that of the column.
const TOLERANCE: f64 = 1e-3;

impl TimeUnit {
    /// Unit of the column `name`, with the unit in brackets behind it; none where that is no column of time.
    pub(super) fn of_column(name: &str, unit: Option<&str>) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let named = |unit: &str| match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(Self::Seconds),
            "ms" | "msec" | "millisecond" | "milliseconds" => Some(Self::Milliseconds),
            _ => None,
        };
        let is_time = |name: &str| matches!(name, "time" | "t");
        match unit {
            Some(unit) => is_time(&name).then(|| named(&unit.to_ascii_lowercase()))?,
            None if is_time(&name) => Some(Self::Unnamed),
            None => named(&name).or_else(|| {
                let (time, unit) = name.split_once('_')?;
                is_time(time).then(|| named(unit))?
            }),
        }
    }
}

/// Column of time.
#[derive(Debug, Default)]
pub(super) struct TimeColumn {
    /// Moments, in the unit of the column.
    pub(super) moments: Vec<f64>,
    /// Most digits after the decimal point of a moment; none where one has an exponent.
    digits: Option<usize>,
    exponents: bool,
}

/// Reason for which a column gives no sample rate.
#[derive(Debug, PartialEq)]
pub(super) struct UnevenTime {
    /// Row, from 0 on, or none if the column as a whole is wrong.
    pub(super) row: Option<usize>,
    pub(super) what: String,
}

impl TimeColumn {
    /// Adds a moment and the text it was read from.
    pub(super) fn push(&mut self, moment: f64, text: &str) {
        let decimals = text
            .split_once(['.', ','])
            .map_or(0, |(_, decimals)| decimals.len());
        self.digits = self.digits.max(Some(decimals));
        self.exponents |= text.contains(['e', 'E']);
        self.moments.push(moment);
    }

    /// Samples a second. Moments may be rounded to the digits that they are written with.
    pub(super) fn rate(&self, unit: TimeUnit, stated: Option<f64>) -> Result<f64, UnevenTime> {
        let whole = |what: String| UnevenTime { row: None, what };
        let (Some(first), Some(last)) = (self.moments.first(), self.moments.last()) else {
            return Err(whole("there are no moments".to_owned()));
        };
        let (span, steps) = (last - first, self.moments.len() as f64 - 1.0);
        if !(span > 0.0 && span.is_finite()) {
            return Err(whole("the moments do not grow".to_owned()));
        }
        let (step, rounding) = (span / steps, self.rounding());
        if rounding > step / 2.0 {
            return Err(whole(format!(
                "moments that are rounded to {rounding} do not give a sample rate"
            )));
        }
        if let Some((row, expected)) = self.uneven(step, rounding) {
            let what = format!("{} is not evenly spaced: {expected} would be", self.moments[row]);
            return Err(UnevenTime { row: Some(row), what });
        }
        let rate = |per_second: f64| nearest_whole(per_second / step, rounding / span);
        let rate = match (unit, stated) {
            (TimeUnit::Seconds, _) => rate(1.0),
            (TimeUnit::Milliseconds, _) => rate(1e3),
            (TimeUnit::Unnamed, Some(stated)) => {
                // Either unit, whichever is as stated.
                [rate(1.0), rate(1e3)].into_iter().find(|rate| agree(*rate, stated)).unwrap_or(rate(1.0))
            }
            (TimeUnit::Unnamed, None) => Some(rate(1.0)).filter(|rate| PLAUSIBLE.contains(rate)).ok_or_else(|| {
                whole(format!("steps of {step} have no unit: name the column `seconds` or `ms`, or state the sample rate"))
            })?,
        };
        match stated.filter(|stated| !agree(rate, *stated)) {
            None => Ok(rate),
            Some(stated) => Err(whole(format!(
                "its steps are those of {rate} Hz, and {stated} Hz are stated"
            ))),
        }
    }

    /// First moment that is not as far from the one before, or from the first, as it should be; and where it should be.
    fn uneven(&self, step: f64, rounding: f64) -> Option<(usize, f64)> {
        let first = self.moments.first()?;
        let near = |moment: f64, expected: f64| {
            (moment - expected).abs() <= rounding + 1e-6 * step + 1e-12 * moment.abs()
        };
        (1..self.moments.len()).find_map(|row| {
            let (moment, before) = (self.moments[row], self.moments[row - 1]);
            let expected = [before + step, first + step * row as f64];
            expected
                .into_iter()
                .find(|expected| !near(moment, *expected))
                .map(|expected| (row, expected))
        })
    }

    /// Unit of the last digit.
    fn rounding(&self) -> f64 {
        match self.digits {
            Some(digits) if !self.exponents => 10f64.powi(-i32::try_from(digits).unwrap_or(i32::MAX)),
            _ => 0.0,
        }
    }
}

fn agree(rate: f64, stated: f64) -> bool {
    (rate - stated).abs() <= TOLERANCE * stated
}

/// The nearest whole number, if `value` may be that but for a relative error.
fn nearest_whole(value: f64, error: f64) -> f64 {
    let whole = value.round();
    if (value - whole).abs() <= value * (error + 1e-9) {
        whole
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(moments: impl Iterator<Item = f64>, digits: usize) -> TimeColumn {
        let mut column = TimeColumn::default();
        for moment in moments {
            let text = format!("{moment:.digits$}");
            column.push(text.parse().unwrap(), &text);
        }
        column
    }

    #[test]
    fn the_rate_follows_also_from_rounded_moments() {
        let at = |rate: f64, digits| column((0..3000).map(|row| f64::from(row) / rate), digits);
        assert_eq!(at(400.0, 4).rate(TimeUnit::Seconds, None), Ok(400.0));
        assert_eq!(at(400.0, 3).rate(TimeUnit::Seconds, None), Ok(400.0));
        assert_eq!(at(500.0, 3).rate(TimeUnit::Unnamed, None), Ok(500.0));
        assert_eq!(at(0.5, 0).rate(TimeUnit::Milliseconds, None), Ok(500.0));
        let rate = at(977.6, 8).rate(TimeUnit::Seconds, None).unwrap();
        assert!((rate - 977.6).abs() < 1e-3);
    }

    #[test]
    fn without_a_unit_the_stated_rate_decides_or_there_is_an_error() {
        let milliseconds = column((0..3000).map(|row| f64::from(row) * 2.0), 0);
        assert_eq!(milliseconds.rate(TimeUnit::Unnamed, Some(500.0)), Ok(500.0));
        assert!(
            milliseconds
                .rate(TimeUnit::Unnamed, None)
                .unwrap_err()
                .what
                .contains("no unit")
        );
        let error = milliseconds
            .rate(TimeUnit::Milliseconds, Some(400.0))
            .unwrap_err();
        assert!(
            error.what.contains("500 Hz") && error.what.contains("400 Hz"),
            "{}",
            error.what
        );
    }

    #[test]
    fn a_gap_is_named_with_its_row() {
        let moments = (0..3000).map(|row| f64::from(row + i32::from(row > 1000)) / 500.0);
        assert!(
            column(moments, 3)
                .rate(TimeUnit::Seconds, None)
                .unwrap_err()
                .row
                .is_some()
        );
        let coarse = column((0..3000).map(|row| f64::from(row) / 500.0), 2);
        assert!(
            coarse
                .rate(TimeUnit::Seconds, None)
                .unwrap_err()
                .what
                .contains("rounded")
        );
        for still in [vec![], vec![1.0], vec![1.0, 1.0], vec![2.0, 1.0]] {
            assert!(
                column(still.into_iter(), 3)
                    .rate(TimeUnit::Seconds, None)
                    .is_err()
            );
        }
    }

    #[test]
    fn columns_of_time_are_known_by_name() {
        let unit = |name, unit| TimeUnit::of_column(name, unit);
        assert_eq!(unit("Time", None), Some(TimeUnit::Unnamed));
        assert_eq!(unit("time", Some("s")), Some(TimeUnit::Seconds));
        assert_eq!(unit("time_ms", None), Some(TimeUnit::Milliseconds));
        assert_eq!(unit("ms", None), Some(TimeUnit::Milliseconds));
        assert_eq!(unit("seconds", None), Some(TimeUnit::Seconds));
        assert_eq!(
            [unit("II", None), unit("II", Some("mV")), unit("time", Some("mV"))],
            [None; 3]
        );
    }
}
