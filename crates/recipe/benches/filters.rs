//! The costliest steps of recipes on one ECG of 12 leads, 10 s at 500 Hz: `cargo bench -p ecgfm-recipe --bench filters`.
//! benches/filters_peer.py runs them and the same steps of scipy in turns.

use divan::{Bencher, black_box};
use ecgfm_recipe::filter::{Band, Fraction, ZeroPhase};
use ecgfm_recipe::fourier::FourierResampler;
use ecgfm_recipe::running_median::RunningMedian;

fn main() {
    divan::main();
}

/// Beats, wander and noise.
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

fn notch() -> ZeroPhase {
    ZeroPhase::fraction(Fraction::notch(50.0, 30.0, 500.0).expect("a notch"))
}

fn butterworth() -> ZeroPhase {
    ZeroPhase::fraction(Fraction::butterworth(4, Band::Between(0.67, 40.0), 500.0).expect("a band"))
}

/// Filters copies of the same leads.
fn filter(bencher: Bencher, filter: &ZeroPhase) {
    let (leads, mut copy, mut buffer) = (ecg(), ecg(), Vec::new());
    bencher.bench_local(|| {
        copy.clone_from(&leads);
        filter.apply("filter", black_box(&mut copy), &mut buffer)
    });
}

#[divan::bench(name = "notch")]
fn notch_of_50_hz(bencher: Bencher) {
    filter(bencher, &notch());
}

#[divan::bench(name = "butterworth")]
fn butterworth_of_order_4(bencher: Bencher) {
    filter(bencher, &butterworth());
}

/// What the filters leave.
fn filtered() -> Vec<Vec<f64>> {
    let (mut leads, mut buffer) = (ecg(), Vec::new());
    for filter in [notch(), butterworth()] {
        filter
            .apply("filter", &mut leads, &mut buffer)
            .expect("long enough");
    }
    leads
}

#[divan::bench]
fn median_201(bencher: Bencher) {
    let (leads, mut median, mut out) = (filtered(), RunningMedian::default(), Vec::new());
    bencher.bench_local(|| {
        for lead in &leads {
            median.medians(black_box(lead), 201, &mut out);
        }
    });
}

#[divan::bench]
fn fourier_to_250_hz(bencher: Bencher) {
    let (leads, mut copy, mut fourier) = (filtered(), ecg(), FourierResampler::default());
    bencher.bench_local(|| {
        copy.clone_from(&leads);
        fourier.resample(black_box(&mut copy), 2500);
    });
}

/// All four, with the subtraction of the baseline.
#[divan::bench]
fn all_four(bencher: Bencher) {
    let (leads, mut copy, mut buffer) = (ecg(), ecg(), Vec::new());
    let (notch, butterworth) = (notch(), butterworth());
    let (mut median, mut fourier, mut out) =
        (RunningMedian::default(), FourierResampler::default(), Vec::new());
    bencher.bench_local(|| {
        copy.clone_from(&leads);
        for filter in [&notch, &butterworth] {
            filter
                .apply("filter", &mut copy, &mut buffer)
                .expect("long enough");
        }
        for lead in black_box(&mut copy).iter_mut() {
            median.medians(lead, 201, &mut out);
            lead.iter_mut().zip(&out).for_each(|(v, m)| *v -= m);
        }
        fourier.resample(&mut copy, 2500);
    });
}
