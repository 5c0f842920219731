//! Filters as coefficients: one fraction of polynomials (`ba`), or a product of fractions of second order (`sos`).

use super::complex::Complex;
use super::poles::{Band, Poles, butterworth, chebyshev, polynomial};
use crate::error::{Error, Result};
use std::f64::consts::PI;

/// Largest order accepted; above it no form of a Butterworth filter holds at the rates of ECGs.
pub const MAX_ORDER: usize = 16;

/// A filter as a fraction of two polynomials in powers of the delay: `b` over `a`, with `a[0]` = 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Fraction {
    /// Coefficients of the input.
    pub b: Vec<f64>,
    /// Coefficients of the output.
    pub a: Vec<f64>,
}

impl Fraction {
    /// A notch at `hz` of quality `q`, the frequency over the width at −3 dB: `scipy.signal.iirnotch`.
    ///
    /// # Errors
    /// `hz` is not between 0 and half the sample rate, or `q` not above 0.
    pub fn notch(hz: f64, q: f64, rate: f64) -> Result<Self> {
        Band::Low(hz).fractions(rate)?;
        if !(q > 0.0 && q.is_finite()) {
            return Err(Error::StepValue {
                step: "notch",
                problem: format!("q: {q} is not above 0"),
            });
        }
        let fraction = 2.0 * hz / rate;
        let (width, angle) = ((fraction / q) * PI, fraction * PI);
        let gain = 1.0 / (1.0 + (width / 2.0).tan());
        Ok(Self {
            b: vec![gain, gain * (-2.0 * angle.cos()), gain],
            a: vec![1.0, -2.0 * gain * angle.cos(), 2.0 * gain - 1.0],
        })
    }

    /// A Butterworth filter: `scipy.signal.butter(..., output="ba")`. A band pass has twice the order.
    ///
    /// # Errors
    /// As [`Sections::butterworth`].
    pub fn butterworth(order: usize, band: Band, rate: f64) -> Result<Self> {
        check_order(order)?;
        let made = butterworth(order, band, rate)?;
        Ok(Self {
            b: polynomial(&made.zeros).iter().map(|b| made.gain * b).collect(),
            a: polynomial(&made.poles),
        })
    }
}

/// A filter as sections of second order, one after another: `b0 b1 b2 1 a1 a2` each.
#[derive(Debug, Clone, PartialEq)]
pub struct Sections(pub Vec<Fraction>);

impl Sections {
    /// A Butterworth filter: `scipy.signal.butter(..., output="sos")`. A band pass has twice the order.
    ///
    /// # Errors
    /// An order of 0 or above [`MAX_ORDER`], an edge that is not between 0 and half the sample rate, edges out of order.
    pub fn butterworth(order: usize, band: Band, rate: f64) -> Result<Self> {
        check_order(order)?;
        Ok(Self::new(butterworth(order, band, rate)?))
    }

    /// What `scipy.signal.decimate` filters with before it keeps every `factor`th sample: Chebyshev's first kind, order 8,
    /// ripple 0.05 dB, up to 0.8 of the new half sample rate.
    ///
    /// # Errors
    /// A factor of 0.
    pub fn before_decimation(factor: usize) -> Result<Self> {
        Ok(Self::new(chebyshev(8, 0.05, 0.8 / factor as f64)?))
    }

    /// Pairs the poles nearest to the unit circle with the zeros nearest to them; they come last.
    fn new(mut filter: Poles) -> Self {
        let mut sections = Vec::new();
        while let Some(pair) = take_poles(&mut filter.poles) {
            let zeros: Vec<Complex> = pair
                .iter()
                .filter_map(|_| take_nearest(&mut filter.zeros, pair[0]))
                .collect();
            sections.push(section(&zeros, &pair));
        }
        sections.reverse();
        if let Some(first) = sections.first_mut() {
            first.b.iter_mut().for_each(|b| *b *= filter.gain);
        }
        Self(sections)
    }

    /// Samples by which a signal is extended before it is filtered both ways: three times the length of the filter.
    pub(super) fn extension(&self) -> usize {
        let first_order = |side: fn(&Fraction) -> &[f64]| {
            let missing = |s: &&Fraction| side(s)[2] == 0.0;
            self.0.iter().filter(missing).count()
        };
        let missing = first_order(|s| &s.b).min(first_order(|s| &s.a));
        3 * (2 * self.0.len() + 1 - missing)
    }
}

fn check_order(order: usize) -> Result<()> {
    if (1..=MAX_ORDER).contains(&order) {
        return Ok(());
    }
    Err(Error::StepValue {
        step: "butterworth",
        problem: format!("order: {order} is not from 1 to {MAX_ORDER}"),
    })
}

fn section(zeros: &[Complex], poles: &[Complex]) -> Fraction {
    let padded = |roots: &[Complex]| {
        let mut coefficients = polynomial(roots);
        coefficients.resize(3, 0.0);
        coefficients
    };
    Fraction {
        b: padded(zeros),
        a: padded(poles),
    }
}

/// Poles are conjugates up to rounding; a real one has rounding errors for an imaginary part.
fn is_real(pole: Complex) -> bool {
    pole.im.abs() <= 100.0 * f64::EPSILON * pole.abs()
}

/// Takes the pole nearest to the unit circle and its conjugate, or two real ones, or the last real one.
fn take_poles(poles: &mut Vec<Complex>) -> Option<Vec<Complex>> {
    let first = take_least(poles, |p| (1.0 - p.abs()).abs())?;
    if is_real(first) {
        let second = take_least(poles, |p| match is_real(p) {
            true => (1.0 - p.abs()).abs(),
            false => f64::INFINITY,
        });
        return Some(match second {
            Some(second) if is_real(second) => vec![Complex::real(first.re), Complex::real(second.re)],
            Some(other) => {
                poles.push(other);
                vec![Complex::real(first.re)]
            }
            None => vec![Complex::real(first.re)],
        });
    }
    let partner = take_least(poles, |p| first.conjugate().minus(p).abs()).unwrap_or(first.conjugate());
    let pole = first.plus(partner.conjugate()).over(Complex::real(2.0));
    Some(vec![pole, pole.conjugate()])
}

fn take_nearest(zeros: &mut Vec<Complex>, pole: Complex) -> Option<Complex> {
    take_least(zeros, |z| z.minus(pole).abs())
}

fn take_least(values: &mut Vec<Complex>, distance: impl Fn(Complex) -> f64) -> Option<Complex> {
    let least = (0..values.len()).min_by(|a, b| distance(values[*a]).total_cmp(&distance(values[*b])))?;
    Some(values.remove(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain_at(filter: &Fraction, fraction: f64) -> f64 {
        let at = |coefficients: &[f64]| {
            let terms = coefficients.iter().enumerate().map(|(k, c)| {
                let angle = -PI * fraction * k as f64;
                Complex::new(c * angle.cos(), c * angle.sin())
            });
            terms.fold(Complex::real(0.0), Complex::plus).abs()
        };
        at(&filter.b) / at(&filter.a)
    }

    fn gain(sections: &Sections, fraction: f64) -> f64 {
        sections.0.iter().map(|s| gain_at(s, fraction)).product()
    }

    #[test]
    fn a_filter_passes_its_band_and_is_at_half_power_on_its_edges() {
        let half = 0.5f64.sqrt();
        for order in 1..=9 {
            let low = Sections::butterworth(order, Band::Low(40.0), 500.0).unwrap();
            let high = Sections::butterworth(order, Band::High(40.0), 500.0).unwrap();
            let between = Sections::butterworth(order, Band::Between(10.0, 40.0), 500.0).unwrap();
            assert!((gain(&low, 1e-9) - 1.0).abs() < 1e-6 && gain(&low, 0.999) < 0.02);
            assert!((gain(&high, 0.9999) - 1.0).abs() < 1e-6 && gain(&high, 1e-6) < 1e-4);
            for (filter, edge) in [(&low, 40.0), (&high, 40.0), (&between, 10.0), (&between, 40.0)] {
                assert!((gain(filter, edge / 250.0) - half).abs() < 1e-6, "{order} {edge}");
            }
        }
    }

    #[test]
    fn a_notch_takes_its_frequency_and_leaves_the_mean() {
        let notch = Fraction::notch(50.0, 30.0, 500.0).unwrap();
        assert!(gain_at(&notch, 0.2) < 1e-12);
        assert!((gain_at(&notch, 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_fraction_and_its_sections_are_the_same_filter() {
        let one = Fraction::butterworth(3, Band::Between(5.0, 40.0), 500.0).unwrap();
        let many = Sections::butterworth(3, Band::Between(5.0, 40.0), 500.0).unwrap();
        assert_eq!((one.a.len(), many.0.len()), (7, 3));
        for fraction in [0.001, 0.05, 0.1, 0.3, 0.9] {
            assert!((gain_at(&one, fraction) - gain(&many, fraction)).abs() < 1e-9);
        }
    }

    #[test]
    fn extensions_count_sections_of_first_order_once() {
        let samples = |order| {
            Sections::butterworth(order, Band::Low(40.0), 500.0)
                .unwrap()
                .extension()
        };
        assert_eq!((samples(4), samples(5)), (15, 18));
        assert_eq!(Sections::before_decimation(5).unwrap().extension(), 27);
    }

    #[test]
    fn orders_and_qualities_that_make_no_filter_are_refused() {
        assert!(Fraction::butterworth(0, Band::Low(40.0), 500.0).is_err());
        assert!(Sections::butterworth(17, Band::Low(40.0), 500.0).is_err());
        assert!(Fraction::notch(50.0, 0.0, 500.0).is_err());
        assert!(Fraction::notch(250.0, 30.0, 500.0).is_err());
    }
}
