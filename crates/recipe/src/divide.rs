//! Many values divided, each quotient correctly rounded, by fewer divisions than values.
//!
//! A quotient estimated by the reciprocal is corrected twice by its remainder, which a fused multiply-add takes exactly.
//! The first correction brings the estimate within one unit in the last place; the second then rounds as division does,
//! because the reciprocal is correctly rounded (P. Markstein, *Computation of elementary functions on the IBM RISC
//! System/6000 processor*, IBM J. Res. Dev. 34, 1990; Muller et al., *Handbook of Floating-Point Arithmetic*, chapter 4).
//! That holds while nothing under- or overflows on the way: for divisors of [`MODERATE`] size, and dividends that are 0,
//! infinite, NaN, or of a magnitude between 1e-150 and 1e150. All that comes of float32 is.

/// Magnitudes of a divisor for which no step leaves the normal range.
const MODERATE: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// `v / divisor`, given the reciprocal `1.0 / divisor`. Only fast where the processor has fused multiply-adds.
#[inline(always)]
fn fused(v: f64, divisor: f64, reciprocal: f64) -> f64 {
    let estimate = v * reciprocal;
    let near = (-estimate).mul_add(divisor, v).mul_add(reciprocal, estimate);
    let exact = (-near).mul_add(divisor, v).mul_add(reciprocal, near);
    // The corrections would lose the sign of -0 and make a NaN of an infinity; of those the estimate is exact.
    if exact.abs() > 0.0 { exact } else { estimate }
}

/// Divisors of `N` values that lie side by side.
#[derive(Debug, Clone)]
pub(crate) struct Divisors<const N: usize> {
    value: [f64; N],
    reciprocal: [f64; N],
    moderate: bool,
}

impl<const N: usize> Divisors<N> {
    /// Each value divided by 1.
    pub(crate) fn one() -> Self {
        Self {
            value: [1.0; N],
            reciprocal: [1.0; N],
            moderate: true,
        }
    }

    /// The divisors in turn, again and again.
    pub(crate) fn cycled(divisors: &[f64]) -> Self {
        let value: [f64; N] = std::array::from_fn(|i| divisors[i % divisors.len()]);
        Self {
            value,
            reciprocal: value.map(|v| 1.0 / v),
            moderate: divisors.iter().all(|v| MODERATE.contains(&v.abs())),
        }
    }

    /// Divisor `i` for the values from `i * EACH` on, `EACH` of them. All are of moderate size.
    #[inline(always)]
    pub(crate) fn set_runs<const EACH: usize>(&mut self, divisors: &[f64]) {
        let values = self.value.as_chunks_mut::<EACH>().0.iter_mut();
        let runs = values.zip(self.reciprocal.as_chunks_mut::<EACH>().0);
        for ((value, reciprocal), divisor) in runs.zip(divisors) {
            *value = [*divisor; EACH];
            *reciprocal = [1.0 / divisor; EACH];
        }
    }

    /// Returns true if no divisor is too large or too small for the division by way of the reciprocal.
    pub(crate) fn are_moderate(&self) -> bool {
        self.moderate
    }

    /// The value divided by number `at` of the divisors, by way of the reciprocal where that is `FUSED`: only for moderate divisors, and
    /// only fast where the processor has fused multiply-adds.
    #[inline(always)]
    pub(crate) fn quotient<const FUSED: bool>(&self, at: usize, v: f64) -> f64 {
        match FUSED {
            true => fused(v, self.value[at], self.reciprocal[at]),
            false => v / self.value[at],
        }
    }

    /// Divides in place; `has_fma` says whether this is compiled for a processor with fused multiply-adds. (A loop, no
    /// closure given to an iterator: that would be compiled without them.)
    #[inline(always)]
    pub(crate) fn divide(&self, values: &mut [f64; N], has_fma: bool) {
        if has_fma && self.moderate {
            for ((v, divisor), reciprocal) in values.iter_mut().zip(&self.value).zip(&self.reciprocal) {
                *v = fused(*v, *divisor, *reciprocal);
            }
        } else {
            for (v, divisor) in values.iter_mut().zip(&self.value) {
                *v /= divisor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A float of any sign and significand, with an exponent (biased) in the range.
    fn moderate(bits: u64, exponents: std::ops::Range<u64>) -> f64 {
        let exponent = exponents.start + bits.rotate_left(29) % (exponents.end - exponents.start);
        f64::from_bits(bits & (1 << 63 | ((1 << 52) - 1)) | exponent << 52)
    }

    fn check(a: f64, b: f64) {
        let quotient = fused(a, b, 1.0 / b);
        assert_eq!(quotient.to_bits(), (a / b).to_bits(), "{a:e} / {b:e}");
    }

    #[test]
    fn zeros_keep_their_sign_and_infinities_stay() {
        for a in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY] {
            check(a, 3.0);
            check(a, -0.7);
        }
        assert!(fused(f64::NAN, 3.0, 1.0 / 3.0).is_nan());
    }

    #[test]
    fn quotients_that_are_hard_to_round_are_rounded_right() {
        // Just beside a product of two floats: the quotient is close to a float or to the middle of two.
        for k in 0..200_000u64 {
            // A significand of nothing but ones, and others of every kind.
            let ones = (1 << 52) - 1 - k / 16;
            let mixed = |by: u64| k.wrapping_mul(by) >> 12;
            let significand = if k % 16 == 0 {
                ones
            } else {
                mixed(0x9E37_79B9_7F4A_7C15)
            };
            let b = f64::from_bits(1023 << 52 | significand);
            let q = f64::from_bits(1023 << 52 | mixed(0xD1B5_4A32_D192_ED03));
            let product = b * q;
            for a in [product, product.next_up(), product.next_down()] {
                check(a, b);
            }
        }
    }

    #[test]
    fn divisors_of_extreme_size_are_divided_by() {
        for divisor in [1e-320, 1e-200, 1e200, f64::NAN, f64::INFINITY, 0.0] {
            let mut values = [1.0, -3.5e-8, 0.0, 7e90];
            let wanted = values.map(|v| (v / divisor).to_bits());
            Divisors::<4>::cycled(&[divisor]).divide(&mut values, true);
            assert!(
                values
                    .iter()
                    .zip(wanted)
                    .all(|(v, w)| v.to_bits() == w || v.is_nan())
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_fused_quotient_is_the_quotient_to_the_bit(a: u64, b: u64) {
            check(moderate(a, 723..1323), moderate(b, 800..1200));
        }
    }
}
