//! Intervals: of proportions, and of anything that was resampled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
pub fn wilson_interval(part: u64, whole: u64) -> Option<Interval> {
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

/// Way in which an interval is read off resamples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalEstimator {
    /// Between the 2.5 % and 97.5 % quantiles.
    #[default]
    Percentile,
    /// Bias-corrected and accelerated (B. Efron, J. Am. Stat. Assoc. 82, 1987).
    Bca,
}

/// A statistic has an interval when at least this share of the resamples defines it.
pub const MIN_DEFINED: f64 = 0.95;

/// The 95 % percentile interval of resampled values; none where fewer than [`MIN_DEFINED`] of them are defined.
pub fn percentile_interval(values: impl Iterator<Item = Option<f64>>) -> Option<Interval> {
    let sorted = sorted_defined(values)?;
    Some(Interval {
        lo: quantile(&sorted, 0.025),
        hi: quantile(&sorted, 0.975),
    })
}

/// The 95 % BCa interval of resampled values around `estimate`; `left_out` are the values without each group of clusters
/// (a jackknife). It is the percentile interval where the correction is not defined: all resamples on one side of the
/// estimate, or a jackknife that never changes it. None as in [`percentile_interval`].
pub fn bca_interval(
    values: impl Iterator<Item = Option<f64>>,
    estimate: f64,
    left_out: impl Iterator<Item = Option<f64>>,
) -> Option<Interval> {
    let sorted = sorted_defined(values)?;
    // Resamples that equal the estimate count as half below it: with few ECGs many do, and all on one side would shift the
    // interval.
    let below = sorted.partition_point(|v| *v < estimate);
    let up_to = sorted.partition_point(|v| *v <= estimate);
    let bias = normal_quantile((below + up_to) as f64 / (2 * sorted.len()) as f64);
    let end = |z: f64, acceleration: f64| {
        let shifted = bias + z;
        normal_share(bias + shifted / (1.0 - acceleration * shifted))
    };
    let (lo, hi) = match acceleration(left_out) {
        Some(acceleration) if bias.is_finite() => (end(-Z, acceleration), end(Z, acceleration)),
        // Nothing to correct by: the percentile interval.
        _ => (0.025, 0.975),
    };
    Some(Interval {
        lo: quantile(&sorted, lo),
        hi: quantile(&sorted, hi),
    })
}

/// A sixth of the skewness of the jackknife's influences.
fn acceleration(left_out: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = left_out.flatten().collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let sum = |power: i32| values.iter().map(|v| (mean - v).powi(power)).sum::<f64>();
    let (squares, cubes) = (sum(2), sum(3));
    (squares > 0.0).then(|| cubes / (6.0 * squares.powf(1.5)))
}

/// The defined values in order, where there are enough.
fn sorted_defined(values: impl Iterator<Item = Option<f64>>) -> Option<Vec<f64>> {
    let mut all = 0usize;
    let mut defined: Vec<f64> = values.inspect(|_| all += 1).flatten().collect();
    if defined.is_empty() || (defined.len() as f64) < MIN_DEFINED * all as f64 {
        return None;
    }
    defined.sort_unstable_by(f64::total_cmp);
    Some(defined)
}

/// Interpolated linearly between order statistics.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, part) = (at.floor() as usize, at.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * part
}

/// The standard normal distribution below `z`.
fn normal_share(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The standard normal quantile of `share`, by halving; infinite at 0 and 1.
fn normal_quantile(share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return if share <= 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let (mut lo, mut hi) = (-40.0, 40.0);
    // Sixty-four halvings of 80 reach the last digit.
    for _ in 0..64 {
        let middle = 0.5 * (lo + hi);
        if normal_share(middle) < share {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    0.5 * (lo + hi)
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
            let interval = wilson_interval(part, whole).unwrap();
            assert!(
                (interval.lo - lo).abs() < 5e-5 && (interval.hi - hi).abs() < 5e-5,
                "{interval:?}"
            );
        }
        assert_eq!(wilson_interval(0, 0), None);
    }

    #[test]
    fn the_normal_distribution_is_as_tabulated() {
        for (z, share) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_542_9),
            (-2.5, 0.006_209_665_325_776_132),
        ] {
            assert!((normal_share(z) - share).abs() < 1e-15);
            assert!((normal_quantile(share) - z).abs() < 1e-12);
        }
        assert!((normal_quantile(0.975) - Z).abs() < 1e-12);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn quantiles_are_interpolated_and_need_enough_values() {
        let interval = percentile_interval((0..=40).map(|i| Some(f64::from(i)))).unwrap();
        assert_eq!((interval.lo, interval.hi), (1.0, 39.0));
        let few = (0..10).map(|i| (i > 0).then_some(1.0));
        assert_eq!(percentile_interval(few), None, "nine of ten are too few");
    }

    #[test]
    fn without_bias_and_skewness_bca_is_the_percentile_interval() {
        let values = || (-100..=100).map(|i| Some(f64::from(i)));
        let flat = || [-1.0, 0.0, 1.0].into_iter().map(Some);
        let (a, b) = (
            bca_interval(values(), 0.0, flat()).unwrap(),
            percentile_interval(values()).unwrap(),
        );
        assert!((a.lo - b.lo).abs() < 1e-9 && (a.hi - b.hi).abs() < 1e-9);
        let degenerate = bca_interval((0..50).map(|_| Some(1.0)), 1.0, [Some(1.0); 4].into_iter()).unwrap();
        assert_eq!((degenerate.lo, degenerate.hi), (1.0, 1.0));
    }

    proptest::proptest! {
        #[test]
        fn the_interval_holds_the_estimate_and_stays_a_proportion(part in 0u64..2000, more in 0u64..2000) {
            let whole = part + more;
            if let Some(Interval { lo, hi }) = wilson_interval(part, whole) {
                let p = part as f64 / whole as f64;
                proptest::prop_assert!(0.0 <= lo && lo <= p && p <= hi && hi <= 1.0);
            }
        }
    }
}
