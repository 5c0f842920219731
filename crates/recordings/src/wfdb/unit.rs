//! Physical units of signals, and what makes millivolts of them.

/// Unit of the samples of a signal as they are returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalUnit {
    /// Millivolts, converted where the header states another unit of voltage.
    Millivolts,
    /// Another unit than one of voltage, as the header states it.
    Other(String),
}

/// Conversion to millivolts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Nothing to convert.
    One,
    /// Factor of a larger unit.
    Times(f64),
    /// Divisor of a smaller unit: exact where a factor would be rounded.
    Over(f64),
}

impl Scale {
    /// Converts a value.
    pub(super) fn apply(self, value: f64) -> f64 {
        match self {
            Self::One => value,
            Self::Times(factor) => value * factor,
            Self::Over(divisor) => value / divisor,
        }
    }
}

/// Conversion of the unit that a header states; none where it is no unit of voltage.
///
/// Case counts only where it decides: `mV` and `MV` are both millivolts, because no electrocardiograph measures megavolts.
pub(super) fn scale_to_millivolts(unit: &str) -> Option<Scale> {
    let folded = unit.trim().to_lowercase();
    match folded.as_str() {
        "mv" | "millivolt" | "millivolts" => Some(Scale::One),
        // The micro sign, the Greek letter, and the letters that are written for them.
        "uv" | "\u{b5}v" | "\u{3bc}v" | "mcv" | "microvolt" | "microvolts" => Some(Scale::Over(1e3)),
        "nv" | "nanovolt" | "nanovolts" => Some(Scale::Over(1e6)),
        "v" | "volt" | "volts" => Some(Scale::Times(1e3)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_voltage_become_millivolts_and_others_are_left() {
        for (unit, one) in [
            ("mV", 1.0),
            ("mv", 1.0),
            ("uV", 1e-3),
            ("µV", 1e-3),
            ("μV", 1e-3),
            ("V", 1e3),
            ("nV", 1e-6),
        ] {
            assert_eq!(scale_to_millivolts(unit).unwrap().apply(1.0), one, "{unit}");
        }
        for other in ["NU", "mmHg", "Ohm", "adu", "", "?"] {
            assert_eq!(scale_to_millivolts(other), None, "{other}");
        }
    }
}
