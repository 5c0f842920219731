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

    pub(super) fn abs(self) -> f64 {
        self.re.hypot(self.im)
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
        fn roots_and_quotients_are_undone_by_products(re in -9.0..9.0, im in -9.0..9.0, c in 0.1..9.0, d in -9.0..9.0) {
            let (z, w) = (Complex::new(re, im), Complex::new(c, d));
            prop_assert!(close(z.sqrt().times(z.sqrt()), z));
            prop_assert!(close(z.over(w).times(w), z));
            prop_assert!(close(z.times(w), z.times_rounded(w)));
        }
    }
}
