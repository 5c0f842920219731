//! Complex numbers, with the order of operations and the rounding of numpy on processors with fused multiplication.

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Complex {
    pub(super) re: f64,
    pub(super) im: f64,
}

impl Complex {
    pub(super) const ONE: Self = Self::real(1.0);

    pub(super) const fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    pub(super) const fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::new(self.re + other.re, self.im + other.im)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self::new(self.re - other.re, self.im - other.im)
    }

    pub(super) fn negated(self) -> Self {
        Self::new(-self.re, -self.im)
    }

    pub(super) fn conjugate(self) -> Self {
        Self::new(self.re, -self.im)
    }

    /// Magnitude, rounded once. The C library's own keeps programs from systems with a library older than theirs, and differs among
    /// versions in a last digit that the coefficients of a narrow filter show.
    pub(super) fn abs(self) -> f64 {
        let (re, re_rest) = square(self.re);
        let (im, im_rest) = square(self.im);
        let sum = re + im;
        if !sum.is_normal() {
            return libm::hypot(self.re, self.im);
        }
        let sum_rest = re.max(im) - sum + re.min(im);
        let root = sum.sqrt();
        let rest = root.mul_add(-root, sum) + (sum_rest + (re_rest + im_rest));
        root + rest / (2.0 * root)
    }

    /// Product of two elements of arrays: the second of two products is not rounded before it is added.
    pub(super) fn times(self, other: Self) -> Self {
        Self::new(
            self.re.mul_add(other.re, -(self.im * other.im)),
            self.re.mul_add(other.im, self.im * other.re),
        )
    }

    /// Product within a product over an array: every operation is rounded.
    pub(super) fn times_rounded(self, other: Self) -> Self {
        Self::new(
            self.re * other.re - self.im * other.im,
            self.re * other.im + self.im * other.re,
        )
    }

    /// Quotient, by R. L. Smith's method (CACM algorithm 116).
    pub(super) fn over(self, divisor: Self) -> Self {
        if divisor.re.abs() >= divisor.im.abs() {
            let ratio = divisor.im / divisor.re;
            let scale = 1.0 / (divisor.re + divisor.im * ratio);
            return Self::new(
                (self.re + self.im * ratio) * scale,
                (self.im - self.re * ratio) * scale,
            );
        }
        let ratio = divisor.re / divisor.im;
        let scale = 1.0 / (divisor.im + divisor.re * ratio);
        Self::new(
            (self.re * ratio + self.im) * scale,
            (self.im * ratio - self.re) * scale,
        )
    }

    /// Root with a real part that is not negative; the sign of a zero decides the side of the cut.
    pub(super) fn sqrt(self) -> Self {
        if self.im == 0.0 {
            return match self.re < 0.0 {
                true => Self::new(0.0, (-self.re).sqrt().copysign(self.im)),
                false => Self::new(self.re.sqrt().abs(), self.im),
            };
        }
        if self.re > 0.0 {
            let re = (0.5 * (self.abs() + self.re)).sqrt();
            return Self::new(re, (0.5 * (self.im / re)).abs().copysign(self.im));
        }
        let im = (0.5 * (self.abs() - self.re)).sqrt();
        Self::new((0.5 * (self.im / im)).abs(), im.copysign(self.im))
    }
}

/// A number's square, and what its rounding left of it.
fn square(x: f64) -> (f64, f64) {
    let square = x * x;
    (square, x.mul_add(x, -square))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: Complex, b: Complex) -> bool {
        a.minus(b).abs() <= 1e-12 * b.abs().max(1.0)
    }

    #[test]
    fn the_sign_of_a_zero_decides_the_side_of_a_root() {
        assert_eq!(Complex::new(-4.0, 0.0).sqrt(), Complex::new(0.0, 2.0));
        assert_eq!(Complex::new(-4.0, -0.0).sqrt(), Complex::new(0.0, -2.0));
        assert_eq!(Complex::real(9.0).sqrt(), Complex::real(3.0));
    }

    proptest! {
        #[test]
        fn magnitudes_are_the_nearest_numbers(re in 1u64 << 39..1 << 40, im in 0u64..1 << 40) {
            let magnitude = Complex::new(re as f64, im as f64).abs();
            // In halves of its last digit, a magnitude of 40 bits or 41 is an even number, and the exact one lies between its neighbours.
            let digits = if magnitude < (1u64 << 40) as f64 { 14 } else { 13 };
            let halves = (magnitude * f64::from(1 << digits)) as u128;
            let exact = (u128::from(re).pow(2) + u128::from(im).pow(2)) << (2 * digits);
            prop_assert!((halves - 1).pow(2) < exact && exact < (halves + 1).pow(2), "{magnitude}");
        }

        #[test]
        fn magnitudes_are_those_of_the_library(re in -1e200..1e200, im in -1e200..1e200, scale in -320i32..1) {
            let scale = 10f64.powi(scale);
            let (re, im) = (re * scale, im * scale);
            let (ours, library) = (Complex::new(re, im).abs(), libm::hypot(re, im));
            prop_assert!((ours - library).abs() <= 2.0 * f64::EPSILON * library, "{ours} {library}");
        }
    }

    proptest! {
        #[test]
        fn roots_and_quotients_are_undone_by_products(re in -9.0..9.0, im in -9.0..9.0, c in 0.1..9.0, d in -9.0..9.0) {
            let (z, w) = (Complex::new(re, im), Complex::new(c, d));
            prop_assert!(close(z.sqrt().times(z.sqrt()), z));
            prop_assert!(close(z.over(w).times(w), z));
            prop_assert!(close(z.times(w), z.times_rounded(w)));
        }
    }
}
