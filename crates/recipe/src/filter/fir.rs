//! Filters of finite length by the window method: `scipy.signal.firwin`.

use super::poles::Band;
use crate::error::{Error, Result};
use std::f64::consts::PI;

/// Taps of a band pass of odd length with a Hamming window, of gain 1 at the centre of the band.
///
/// # Errors
/// Edges that are not between 0 and half the sample rate or out of order, or an even number of taps.
pub fn band_pass_taps(taps: usize, low: f64, high: f64, rate: f64) -> Result<Vec<f64>> {
    let (low, high) = Band::Between(low, high).fractions(rate)?;
    if taps.is_multiple_of(2) {
        return Err(Error::StepValue {
            step: "fir",
            problem: format!("{taps} taps are not an odd number"),
        });
    }
    let ideal = |m: f64| high * sinc(high * m) - low * sinc(low * m);
    let hamming = |i: f64| match taps {
        1 => 1.0,
        _ => 0.54 - 0.46 * (2.0 * PI * i / (taps - 1) as f64).cos(),
    };
    Ok(scaled(taps, 0.5 * (low + high), |i, m| ideal(m) * hamming(i)))
}

/// Taps of a low pass up to `fraction` of half the sample rate with a Kaiser window, of gain 1 at 0 Hz.
pub fn low_pass_taps(taps: usize, fraction: f64, beta: f64) -> Vec<f64> {
    let half = 0.5 * (taps - 1) as f64;
    let kaiser = |m: f64| match half > 0.0 {
        true => bessel(beta * (1.0 - (m / half).powi(2)).max(0.0).sqrt()) / bessel(beta),
        false => 1.0,
    };
    scaled(taps, 0.0, |_, m| fraction * sinc(fraction * m) * kaiser(m))
}

/// Taps from their number and their distance to the middle, scaled to gain 1 at `centre`.
fn scaled(taps: usize, centre: f64, tap: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let half = 0.5 * taps.saturating_sub(1) as f64;
    let distance = |i: usize| i as f64 - half;
    let made: Vec<f64> = (0..taps).map(|i| tap(i as f64, distance(i))).collect();
    let cosines = (0..taps).map(|i| (PI * distance(i) * centre).cos());
    let gain: f64 = made.iter().zip(cosines).map(|(h, c)| h * c).sum();
    made.into_iter().map(|h| h / gain).collect()
}

fn sinc(x: f64) -> f64 {
    match x == 0.0 {
        true => 1.0,
        false => (PI * x).sin() / (PI * x),
    }
}

/// The modified Bessel function of the first kind and order 0, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..200 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_are_symmetric_and_of_gain_1() {
        let low = low_pass_taps(41, 0.5, 5.0);
        assert!((low.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        assert!(
            low.iter()
                .zip(low.iter().rev())
                .all(|(a, b)| (a - b).abs() < 1e-17)
        );
        let band = band_pass_taps(151, 0.05, 47.0, 500.0).unwrap();
        assert!(
            band.iter()
                .zip(band.iter().rev())
                .all(|(a, b)| (a - b).abs() < 1e-17)
        );
        assert!(band_pass_taps(150, 0.05, 47.0, 500.0).is_err());
    }

    #[test]
    fn bessel_is_that_of_the_tables() {
        assert_eq!(bessel(0.0), 1.0);
        assert!((bessel(1.0) - 1.266_065_877_752_008_4).abs() < 1e-15);
        assert!((bessel(5.0) - 27.239_871_823_604_45).abs() < 1e-13);
    }
}
