//! Units of amplitude.

/// Millivolts of one `unit`, by its symbol or its name, in any case; none for what is no unit of voltage.
///
/// ```
/// use ecgfm_recordings::amplitude::millivolts_per;
/// assert_eq!(["mV", "µV", "MICROVOLTS", "V"].map(millivolts_per), [Some(1.0), Some(1e-3), Some(1e-3), Some(1e3)]);
/// assert_eq!(millivolts_per("mmHg"), None);
/// ```
pub fn millivolts_per(unit: &str) -> Option<f64> {
    // The micro sign and the Greek letter are different characters.
    match unit.trim().to_lowercase().as_str() {
        "v" | "volt" | "volts" => Some(1e3),
        "mv" | "millivolt" | "millivolts" => Some(1.0),
        "uv" | "µv" | "μv" | "microvolt" | "microvolts" => Some(1e-3),
        "nv" | "nanovolt" | "nanovolts" => Some(1e-6),
        _ => None,
    }
}
