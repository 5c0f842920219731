//! Intervals of proportions.

/// The standard normal quantile of 0.975: half-width of a 95 % interval in standard errors.
const Z: f64 = 1.959_963_984_540_054;

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// Wilson's score interval of `part / whole` (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927), without continuity
/// correction; none when `whole` is 0. It assumes independent rows.
pub fn wilson(part: u64, whole: u64) -> Option<Interval> {
    if whole == 0 || part > whole {
        return None;
    }
    let (n, p, z2) = (whole as f64, part as f64 / whole as f64, Z * Z);
    let centre = p + z2 / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // Rounding must not put an end outside of what a proportion can be, nor the estimate outside its interval.
    let lo = if part == 0 {
        0.0
    } else {
        ((centre - half) / scale).max(0.0)
    };
    let hi = if part == whole {
        1.0
    } else {
        ((centre + half) / scale).min(1.0)
    };
    Some(Interval { lo, hi })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_published_figures() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
        for (part, whole, lo, hi) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = wilson(part, whole).unwrap();
            assert!(
                (interval.lo - lo).abs() < 5e-5 && (interval.hi - hi).abs() < 5e-5,
                "{interval:?}"
            );
        }
        assert_eq!(wilson(0, 0), None);
    }

    proptest::proptest! {
        #[test]
        fn the_interval_holds_the_estimate_and_stays_a_proportion(part in 0u64..2000, more in 0u64..2000) {
            let whole = part + more;
            if let Some(Interval { lo, hi }) = wilson(part, whole) {
                let p = part as f64 / whole as f64;
                proptest::prop_assert!(0.0 <= lo && lo <= p && p <= hi && hi <= 1.0);
            }
        }
    }
}
