//! The costliest steps of recipes on one ECG of 12 leads, 10 s at 500 Hz: `cargo bench -p ecgfm-recipe --bench filters`.
//! benches/filters_peer.py does the same with scipy.

use divan::{Bencher, black_box};
use ecgfm_recipe::filter::{Band, Fraction, ZeroPhase};
use ecgfm_recipe::fourier::FourierResampler;
use ecgfm_recipe::running_median::RunningMedian;

fn main() {
    divan::main();
}

fn ecg() -> Vec<Vec<f64>> {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
    };
    let mut value = |l: usize, t: usize| {
        let beat = (-((t % 400) as f64 - 90.0).powi(2) / 50.0).exp();
        beat * (l as f64 * 0.3 - 1.0) + 0.1 * (t as f64 * 0.003).sin() + 0.02 * random()
    };
    (0..12)
        .map(|l| (0..5000).map(|t| value(l, t)).collect())
        .collect()
}

#[divan::bench]
fn notch(bencher: Bencher) {
    let filter = ZeroPhase::fraction(Fraction::notch(50.0, 30.0, 500.0).expect("a notch"));
    let mut leads = ecg();
    bencher.bench_local(|| filter.apply("notch", black_box(&mut leads)));
}

#[divan::bench]
fn butterworth(bencher: Bencher) {
    let filter = Fraction::butterworth(4, Band::Between(0.67, 40.0), 500.0).expect("a band");
    let filter = ZeroPhase::fraction(filter);
    let mut leads = ecg();
    bencher.bench_local(|| filter.apply("butterworth", black_box(&mut leads)));
}

#[divan::bench]
fn median_201(bencher: Bencher) {
    let mut leads = ecg();
    let filter = Fraction::butterworth(4, Band::Between(0.67, 40.0), 500.0).expect("a band");
    ZeroPhase::fraction(filter)
        .apply("butterworth", &mut leads)
        .expect("long enough");
    let (mut median, mut out) = (RunningMedian::default(), Vec::new());
    bencher.bench_local(|| {
        leads
            .iter()
            .for_each(|lead| median.medians(black_box(lead), 201, &mut out))
    });
}

#[divan::bench]
fn fourier_to_250_hz(bencher: Bencher) {
    let leads = ecg();
    let (mut fourier, mut out) = (FourierResampler::default(), Vec::new());
    bencher.bench_local(|| {
        leads
            .iter()
            .for_each(|lead| fourier.resample(black_box(lead), 2500, &mut out))
    });
}
