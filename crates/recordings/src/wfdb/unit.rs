//! Physical units of signals, and what makes millivolts of them.

use crate::amplitude::millivolts_per;

/// Unit of the samples of a signal as they are returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WfdbUnit {
    /// Millivolts, converted where the header states another unit of voltage.
    Millivolts,
    /// Another unit than one of voltage, as the header states it.
    Other(String),
}

/// Conversion to millivolts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum MillivoltConversion {
    /// Factor of millivolts or a larger unit.
    Times(f64),
    /// Divisor of a smaller unit: exact where a factor would be rounded.
    Over(f64),
}

impl MillivoltConversion {
    /// Converts a value.
    pub(super) fn apply(self, value: f64) -> f64 {
        match self {
            Self::Times(factor) => value * factor,
            Self::Over(divisor) => value / divisor,
        }
    }
}

/// Conversion of the unit that a header states; none where it is no unit of voltage.
pub(super) fn scale_to_millivolts(unit: &str) -> Option<MillivoltConversion> {
    let factor = millivolts_per(unit)?;
    Some(match factor < 1.0 {
        true => MillivoltConversion::Over((1.0 / factor).round()),
        false => MillivoltConversion::Times(factor),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_voltage_become_millivolts_and_others_are_left() {
        for (unit, ten) in [
            ("mV", 10.0),
            ("mv", 10.0),
            ("uV", 0.01),
            ("µV", 0.01),
            ("μV", 0.01),
            ("V", 1e4),
            ("nV", 1e-5),
        ] {
            assert_eq!(scale_to_millivolts(unit).unwrap().apply(10.0), ten, "{unit}");
        }
        for other in ["NU", "mmHg", "Ohm", "adu", "", "?"] {
            assert_eq!(scale_to_millivolts(other), None, "{other}");
        }
    }
}
