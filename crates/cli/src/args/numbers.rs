//! Numbers with bounds, as the command line takes them.

/// Reads a number from 0 to 1.
pub(super) fn parse_probability(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|e| format!("{e}"))?;
    if (0.0..=1.0).contains(&number) {
        return Ok(number);
    }
    Err("must be from 0 to 1".to_owned())
}

/// Reads a number from a millionth to a million, which is what speeds, gains and rates are.
pub(super) fn parse_positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|e| format!("{e}"))?;
    if (1e-6..=1e6).contains(&number) {
        return Ok(number);
    }
    Err("must be above 0".to_owned())
}
