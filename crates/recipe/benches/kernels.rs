//! What one recording costs, step by step: `cargo bench -p ecgfm-recipe`. Recordings have CODE-15's two common lengths;
//! their values are synthetic. Throughput counts the bytes of the raw recording (float32).

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use ecgfm_recipe::counts::CountScale;
use ecgfm_recipe::strip::strip;
use ecgfm_recipe::{EcgFm, Scratch};
use ecgfm_recipe::{limb, quality};

/// Trimmed samples of a lead; the rest of 4,096 is padding.
const LENGTHS: [usize; 2] = [2934, 4096];

fn main() {
    divan::main();
}

/// A padded recording, sample-major.
fn tracing(samples: usize) -> Vec<f32> {
    let before = (4096 - samples) / 2;
    let mut out = vec![0f32; 4096 * 12];
    for (i, v) in out[before * 12..(before + samples) * 12].iter_mut().enumerate() {
        *v = ((i * i) as f32 * 0.37).sin() + 0.5;
    }
    out
}

fn bytes(tracing: &[f32]) -> BytesCount {
    BytesCount::of_slice(tracing)
}

#[divan::bench(args = LENGTHS)]
fn strip_padding(bencher: Bencher, samples: usize) {
    let input = tracing(samples);
    bencher
        .counter(bytes(&input))
        .bench_local(|| strip(black_box(&input), 12));
}

/// 16-bit counts of ten seconds at 500 Hz to millivolts; bytes are those of the counts.
#[divan::bench]
fn convert_counts(bencher: Bencher) {
    let counts: Vec<u8> = (0..5000 * 12i32)
        .flat_map(|i| ((i * i % 4001 - 2000) as i16).to_le_bytes())
        .collect();
    let scale = CountScale::new(&[0.0; 12], &[1000.0; 12]);
    let mut out = vec![0.0; counts.len() / 2];
    bencher
        .counter(BytesCount::of_slice(&counts))
        .bench_local(|| scale.convert(black_box(&counts), &mut out));
}

#[divan::bench(args = LENGTHS)]
fn measure_quality(bencher: Bencher, samples: usize) {
    let input = tracing(samples);
    let kept = strip(&input, 12);
    let kept = &input[kept.start * 12..kept.end * 12];
    bencher
        .counter(bytes(&input))
        .bench_local(|| quality::measure(black_box(kept), 12));
}

#[divan::bench(args = LENGTHS)]
fn limb_leads(bencher: Bencher, samples: usize) {
    let input = tracing(samples);
    let kept = strip(&input, 12);
    let kept = &input[kept.start * 12..kept.end * 12];
    let mean = quality::measure(kept, 12).mean;
    bencher
        .counter(bytes(&input))
        .bench_local(|| limb::deviations(black_box(kept), &mean));
}

/// Everything, to float64 as the `.mat` store wants it.
#[divan::bench(args = LENGTHS)]
fn preprocess(bencher: Bencher, samples: usize) {
    let (input, mut scratch) = (tracing(samples), Scratch::default());
    let recipe = EcgFm::default().recipe().expect("the default settings are valid");
    bencher.counter(bytes(&input)).bench_local(|| {
        let made = recipe
            .apply(black_box(&input), 400.0, &mut scratch)
            .expect("whole samples");
        made.preprocessed().len()
    });
}

/// Everything, to float32 segments as the packed store wants them.
#[divan::bench(args = LENGTHS)]
fn segments(bencher: Bencher, samples: usize) {
    let (input, mut scratch) = (tracing(samples), Scratch::default());
    let recipe = EcgFm::default().recipe().expect("the default settings are valid");
    let mut out = vec![0f32; 2 * 12 * 2500];
    bencher.counter(bytes(&input)).bench_local(|| {
        let trimmed = recipe
            .trim(black_box(&input), 400.0, &mut scratch)
            .expect("whole samples");
        trimmed.write_segments(&mut out);
        out[0]
    });
}
