//! Units of amplitude.

/// Millivolts of what a value of 1 is: a unit, or a number of one; none for what is neither.
///
/// ```
/// use ecgfm_recordings::amplitude::millivolts_of;
/// assert_eq!(["mV", "0.5 mV", "4.88uV"].map(millivolts_of), [Some(1.0), Some(0.5), Some(4.88 * 1e-3)]);
/// assert_eq!(["0 mV", "-1 V", "mV 2", "2"].map(millivolts_of), [None; 4]);
/// ```
pub fn millivolts_of(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let start = text.find(|c: char| !is_numeric(c))?;
    let number: f64 = match &text[..start] {
        "" => 1.0,
        digits => digits.parse().ok()?,
    };
    let millivolts = number * millivolts_per(&text[start..])?;
    (millivolts.is_finite() && millivolts > 0.0).then_some(millivolts)
}

/// Millivolts of one `unit`, by its symbol or its name, in any case; none for what is no unit of voltage.
///
/// ```
/// use ecgfm_recordings::amplitude::millivolts_per;
/// assert_eq!(["mV", "µV", "MICROVOLTS", "V"].map(millivolts_per), [Some(1.0), Some(1e-3), Some(1e-3), Some(1e3)]);
/// assert_eq!(millivolts_per("mmHg"), None);
/// ```
pub fn millivolts_per(unit: &str) -> Option<f64> {
    if unit == "mV" {
        return Some(1.0);
    }
    // The micro sign and the Greek letter are different characters.
    match unit.trim().to_lowercase().as_str() {
        "v" | "volt" | "volts" => Some(1e3),
        "mv" | "millivolt" | "millivolts" => Some(1.0),
        "uv" | "µv" | "μv" | "microvolt" | "microvolts" => Some(1e-3),
        "nv" | "nanovolt" | "nanovolts" => Some(1e-6),
        _ => None,
    }
}
