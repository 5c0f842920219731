//! Zeros, poles and gain of filters: analog prototypes, moved to a band, made digital.
//!
//! As in `scipy.signal.iirfilter`, operation by operation: coefficients of a narrow band in one polynomial (`ba`) are so
//! badly conditioned that another rounding of the last bit moves a filtered ECG by up to 1 %.

use super::complex::Complex;
use crate::error::{Error, Result};
use std::f64::consts::PI;

/// Frequencies that a filter passes, in Hz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Band {
    /// All below.
    Low(f64),
    /// All above.
    High(f64),
    /// All between.
    Between(f64, f64),
}

impl Band {
    /// Checks the edges against a sample rate, in Hz.
    ///
    /// # Errors
    /// An edge that is not between 0 and half the sample rate, or edges out of order.
    pub fn check(self, rate: f64) -> Result<()> {
        self.fractions(rate).map(|_| ())
    }

    /// The edges as fractions of half the sample rate.
    pub(super) fn fractions(self, rate: f64) -> Result<(f64, f64)> {
        let (low, high) = match self {
            Self::Low(hz) | Self::High(hz) => (hz, hz),
            Self::Between(low, high) => (low, high),
        };
        let ordered = !matches!(self, Self::Between(..)) || low < high;
        if low > 0.0 && high < rate / 2.0 && ordered {
            return Ok((low / (rate / 2.0), high / (rate / 2.0)));
        }
        Err(Error::Frequency { low, high, rate })
    }
}

/// A filter as zeros, poles and gain.
#[derive(Debug, Clone)]
pub(super) struct Poles {
    pub(super) zeros: Vec<Complex>,
    pub(super) poles: Vec<Complex>,
    pub(super) gain: f64,
}

/// Angles of the poles of a prototype, the order doubled.
fn steps(order: usize) -> impl Iterator<Item = f64> {
    (0..order).map(move |i| (2 * i) as f64 + 1.0 - order as f64)
}

/// A Butterworth filter.
pub(super) fn butterworth(order: usize, band: Band, rate: f64) -> Result<Poles> {
    let angle = |m: f64| (PI * m) * (1.0 / (2.0 * order as f64));
    let prototype = Poles {
        zeros: Vec::new(),
        poles: steps(order)
            .map(|m| Complex::new(-angle(m).cos(), -angle(m).sin()))
            .collect(),
        gain: 1.0,
    };
    Ok(prototype.to_band(band, rate)?.to_digital())
}

/// A low pass of Chebyshev's first kind with `ripple` dB, up to `fraction` of half the sample rate.
pub(super) fn chebyshev(order: usize, ripple: f64, fraction: f64) -> Result<Poles> {
    let epsilon = (10f64.powf(0.1 * ripple) - 1.0).sqrt();
    // The standard library's takes `hypot` of the C library: see `Complex::abs`.
    let mu = libm::asinh(1.0 / epsilon) / order as f64;
    let poles: Vec<Complex> = steps(order)
        .map(|m| PI * m / (2.0 * order as f64))
        .map(|theta| Complex::new(-(mu.sinh() * theta.cos()), -(mu.cosh() * theta.sin())))
        .collect();
    let gain = product(poles.iter().map(|p| p.negated())).re;
    let even = order.is_multiple_of(2);
    let prototype = Poles {
        zeros: Vec::new(),
        poles,
        gain: if even {
            gain / (1.0 + epsilon * epsilon).sqrt()
        } else {
            gain
        },
    };
    Ok(prototype.to_band(Band::Low(fraction), 2.0)?.to_digital())
}

fn product(factors: impl Iterator<Item = Complex>) -> Complex {
    factors.fold(Complex::ONE, Complex::times_rounded)
}

/// The sample rate at which the bilinear transform is done; edges are warped for it.
const RATE: f64 = 2.0;

impl Poles {
    /// Moves an analog low pass of edge 1 rad/s to `band`, warped for [`Self::to_digital`].
    fn to_band(&self, band: Band, rate: f64) -> Result<Self> {
        let (low, high) = band.fractions(rate)?;
        let warp = |fraction: f64| 2.0 * RATE * (PI * fraction / RATE).tan();
        Ok(match band {
            Band::Low(_) => self.scaled(warp(low)),
            Band::High(_) => self.inverted(warp(low)),
            Band::Between(..) => self.split(warp(low), warp(high)),
        })
    }

    fn scaled(&self, edge: f64) -> Self {
        Self {
            zeros: Vec::new(),
            poles: self.poles.iter().map(|p| Complex::real(edge).times(*p)).collect(),
            gain: self.gain * edge.powf(self.poles.len() as f64),
        }
    }

    fn inverted(&self, edge: f64) -> Self {
        let opposite = product(self.poles.iter().map(|p| p.negated()));
        Self {
            zeros: vec![Complex::real(0.0); self.poles.len()],
            poles: self.poles.iter().map(|p| Complex::real(edge).over(*p)).collect(),
            gain: self.gain * Complex::ONE.over(opposite).re,
        }
    }

    fn split(&self, low: f64, high: f64) -> Self {
        let (width, centre) = (high - low, (low * high).sqrt());
        let halves = self
            .poles
            .iter()
            .map(|p| p.times(Complex::real(width)).over(Complex::real(2.0)));
        let with_root = |p: Complex| (p, p.times(p).minus(Complex::real(centre.powi(2))).sqrt());
        let halves: Vec<_> = halves.map(with_root).collect();
        let above = halves.iter().map(|(half, root)| half.plus(*root));
        let below = halves.iter().map(|(half, root)| half.minus(*root));
        Self {
            poles: above.chain(below).collect(),
            zeros: vec![Complex::real(0.0); self.poles.len()],
            gain: self.gain * width.powf(self.poles.len() as f64),
        }
    }

    /// The bilinear transform; zeros at infinity come to half the sample rate.
    fn to_digital(&self) -> Self {
        let twice = Complex::real(2.0 * RATE);
        let moved = |z: &Complex| twice.plus(*z).over(twice.minus(*z));
        let nyquist = self.poles.len() - self.zeros.len();
        let distances = |all: &[Complex]| product(all.iter().map(|z| twice.minus(*z)));
        Self {
            zeros: self
                .zeros
                .iter()
                .map(moved)
                .chain(std::iter::repeat_n(Complex::real(-1.0), nyquist))
                .collect(),
            poles: self.poles.iter().map(moved).collect(),
            gain: self.gain * distances(&self.zeros).over(distances(&self.poles)).re,
        }
    }
}

/// Coefficients of the polynomial with these roots, the highest power first; roots are real or in conjugate pairs.
pub(super) fn polynomial(roots: &[Complex]) -> Vec<f64> {
    let mut coefficients = vec![Complex::ONE];
    for root in roots {
        let before = |i: usize| i.checked_sub(1).and_then(|i| coefficients.get(i));
        coefficients = (0..=coefficients.len())
            .map(|i| multiply_and_add(coefficients.get(i), before(i), root.negated()))
            .collect();
    }
    coefficients.iter().map(|c| c.re).collect()
}

/// `a + b * root`, as a scalar product of two complex vectors is summed: its four real sums first.
fn multiply_and_add(a: Option<&Complex>, b: Option<&Complex>, root: Complex) -> Complex {
    let mut sums = [0.0; 4];
    for (x, y) in [(a, Complex::ONE), (b, root)] {
        let Some(x) = x else { continue };
        for (sum, term) in sums
            .iter_mut()
            .zip([x.re * y.re, x.im * y.im, x.re * y.im, x.im * y.re])
        {
            *sum += term;
        }
    }
    Complex::new(sums[0] - sums[1], sums[2] + sums[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_has_its_roots() {
        let pair = Complex::new(1.0, 2.0);
        let roots = [pair, pair.conjugate(), Complex::real(-3.0)];
        assert_eq!(polynomial(&roots), [1.0, 1.0, -1.0, 15.0]);
    }

    #[test]
    fn edges_outside_of_the_rate_are_refused() {
        for band in [
            Band::Low(0.0),
            Band::High(250.0),
            Band::Between(40.0, 0.5),
            Band::Between(1.0, 300.0),
            Band::Low(f64::NAN),
        ] {
            assert!(band.fractions(500.0).is_err(), "{band:?}");
        }
    }
}
