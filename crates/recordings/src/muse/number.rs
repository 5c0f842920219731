//! Numbers in the text of elements.

/// Finite number.
pub(super) fn finite(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whole number, also where it is written with a fraction of zero.
pub(super) fn integer(text: &str) -> Option<i64> {
    let number = finite(text)?;
    // Up to there every whole number is a float64 of its own.
    (number.fract() == 0.0 && number.abs() < 2f64.powi(53)).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_numbers() {
        assert_eq!(
            ["500", " 500.0 ", "5e2", "4.88"].map(integer),
            [Some(500), Some(500), Some(500), None]
        );
        assert_eq!(["inf", "NaN", "", "x", "1e400"].map(finite), [None; 5]);
    }
}
