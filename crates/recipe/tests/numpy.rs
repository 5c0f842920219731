//! numpy as the judge: the same recording through the same formulas, compared bit for bit.
//!
//! The judge lays its arrays out as the Python scripts' are: (leads, samples) views of sample-major memory. numpy sums
//! such a view sample by sample; a contiguous copy of it would be summed pairwise and differ in the last digits.

use ecgfm_recipe::processed::Processed;
use ecgfm_recipe::sample::Sample;
use ecgfm_recipe::standardize::ConstantLeads;
use ecgfm_recipe::{EcgFm, Scratch};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const JUDGE: &str = r"
import sys, numpy as np
source, target, strategy, dtype = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
np.seterr(all='ignore')
tracing = np.frombuffer(sys.stdin.buffer.read(), dtype).reshape(-1, 12).T
used = np.where((tracing != 0).any(axis=0))[0]
org = tracing[:, used.min():used.max() + 1]
n = org.shape[1]
n_out = int(n * (target / source))
if source == target:
    y = org.astype('f8', order='K')
else:
    axis, at = np.linspace(0, n_out - 1, n), np.arange(n_out)
    high = np.searchsorted(axis, at).clip(1, n - 1)
    low = high - 1
    rise = (org.T[high] - org.T[low]) / (axis[high] - axis[low])[:, None]
    y = (rise * (at - axis[low])[:, None] + org.T[low]).T
mean = y.mean(axis=1, keepdims=True)
centred = y - mean
std = centred.std(axis=1, keepdims=True)
if strategy == 'nan':
    # Over 0, what rounding leaves of a constant would be an infinity.
    z = centred / np.where(std == 0, np.nan, std)
else:
    z = centred / np.where(std == 0, 1, std)
    if strategy == 'zero':
        z[np.broadcast_to(std == 0, z.shape)] = 0
for array in (org.mean(axis=1), org.std(axis=1), mean, std, z.T):
    sys.stdout.buffer.write(np.ascontiguousarray(array, array.dtype).tobytes())
";

/// Python with numpy: the project's own test tools first, then whatever the user has.
#[allow(clippy::print_stderr, reason = "a test that is skipped must say so")]
fn python() -> Option<Command> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/pytest");
    let mut command = Command::new("python3");
    if tools.is_dir() {
        command.env("PYTHONPATH", tools);
    }
    let mut probe = Command::new("python3");
    probe
        .envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .args(["-c", "import numpy"]);
    let found = probe.stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !found {
        eprintln!(
            "SKIPPED: no python3 with numpy, so that nothing judges the arithmetic; run tools/setup test"
        );
    }
    found.then_some(command)
}

fn judge(mut python: Command, bytes: &[u8], (source_rate, dtype): (f64, &str), settings: &EcgFm) -> Vec<u8> {
    let strategy = match settings.constant_leads {
        ConstantLeads::Zero => "zero",
        ConstantLeads::Nan => "nan",
        ConstantLeads::Constant => "constant",
    };
    let arguments = [
        source_rate.to_string(),
        settings.sample_rate.to_string(),
        strategy.to_owned(),
        dtype.to_owned(),
    ];
    let mut child = python
        .args(["-c", JUDGE])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(bytes).expect("the judge reads");
    drop(stdin);
    let mut out = Vec::new();
    child
        .stdout
        .take()
        .expect("a pipe")
        .read_to_end(&mut out)
        .expect("the judge writes");
    assert!(child.wait().expect("the judge ends").success());
    out
}

/// What the recipe made, in the judge's order.
fn ours<S: Sample>(processed: &Processed<'_, S>) -> (Vec<S>, Vec<f64>) {
    let quality = processed.quality();
    let moments = processed.moments().expect("it was standardised");
    let measured = quality.mean.iter().chain(&quality.std).copied().collect();
    let double = moments
        .mean
        .iter()
        .chain(&moments.std)
        .chain(processed.preprocessed())
        .copied()
        .collect();
    (measured, double)
}

/// Any NaN counts as the same: which one comes out is the processor's affair.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// A recording like CODE-15's: padded at both ends, baselines far from 0, beats, noise.
fn tracing(samples: usize, pad: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let mut out = vec![0f32; pad * 12];
    for t in 0..samples {
        let beat = (-((t % 320) as f32 - 90.0).powi(2) / 18.0).exp();
        out.extend((0..12).map(|l| l as f32 - 6.0 + beat * (l as f32 * 0.3 - 1.0) + 0.1 * random()));
    }
    out.extend(std::iter::repeat_n(0f32, pad * 12));
    out
}

fn agrees(name: &str, tracing: &[f32], source_rate: impl Into<f64>, settings: &EcgFm) {
    let source_rate = source_rate.into();
    let bytes: Vec<u8> = tracing.iter().flat_map(|v| v.to_le_bytes()).collect();
    agrees_as(
        &format!("{name}, float32"),
        tracing,
        (&bytes, "<f4"),
        source_rate,
        settings,
    );
    // Values that float32 has not.
    let wide: Vec<f64> = tracing.iter().map(|v| f64::from(*v) / 3.0).collect();
    let bytes: Vec<u8> = wide.iter().flat_map(|v| v.to_le_bytes()).collect();
    agrees_as(
        &format!("{name}, float64"),
        &wide,
        (&bytes, "<f8"),
        source_rate,
        settings,
    );
}

fn agrees_as<S: Sample>(
    name: &str,
    tracing: &[S],
    (bytes, dtype): (&[u8], &str),
    source_rate: f64,
    settings: &EcgFm,
) {
    let Some(python) = python() else { return };
    let recipe = settings.recipe().expect("the settings are valid");
    let mut scratch = Scratch::default();
    let processed = recipe
        .apply(tracing, source_rate, &mut scratch)
        .expect("whole samples");
    let (measured, double) = ours(&processed);
    let wanted = judge(python, bytes, (source_rate, dtype), settings);
    let (head, tail) = wanted.split_at(measured.len() * size_of::<S>());
    assert_eq!(tail.len(), double.len() * 8, "{name}: as many values");
    for (i, (bytes, v)) in head.chunks_exact(size_of::<S>()).zip(&measured).enumerate() {
        let wanted = match *bytes {
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).into(),
            _ => f64::from_le_bytes(bytes.try_into().expect("8 bytes")),
        };
        assert!(same(wanted, v.to_f64()), "{name}: statistic {i}");
    }
    for (i, (bytes, v)) in tail.as_chunks::<8>().0.iter().zip(&double).enumerate() {
        let wanted = f64::from_le_bytes(*bytes);
        assert!(
            same(wanted, *v),
            "{name}: value {i}: {v:e}, numpy says {wanted:e}"
        );
    }
}

#[test]
fn recordings_of_code15s_lengths_agree_with_numpy_to_the_bit() {
    agrees("padded", &tracing(2934, 581, 1), 400, &EcgFm::default());
    agrees("full", &tracing(4096, 0, 2), 400, &EcgFm::default());
}

#[test]
fn other_rates_agree_with_numpy_to_the_bit() {
    for (source_rate, sample_rate, samples) in [
        (400, 250, 1001),
        (1000, 360, 777),
        (257, 500, 640),
        (500, 500, 333),
        (100, 500, 2),
        (400, 500, 3),
    ] {
        let settings = EcgFm {
            sample_rate,
            segment_seconds: 1.0,
            ..EcgFm::default()
        };
        agrees(
            &format!("{source_rate} to {sample_rate}"),
            &tracing(samples, 4, 3),
            source_rate,
            &settings,
        );
    }
}

#[test]
fn rates_that_are_no_whole_numbers_agree_with_numpy_to_the_bit() {
    let settings = EcgFm {
        segment_seconds: 1.0,
        ..EcgFm::default()
    };
    agrees("499.5 to 500", &tracing(2222, 4, 3), 499.5, &settings);
    agrees("977.6 to 500", &tracing(3001, 0, 3), 977.6, &settings);
}

#[test]
fn constant_leads_agree_with_numpy_under_every_strategy() {
    let mut input = tracing(2934, 100, 4);
    for sample in input.chunks_exact_mut(12).skip(100).take(2934) {
        (sample[2], sample[7], sample[11]) = (0.1, 0.0, -3.7);
    }
    for constant_leads in [ConstantLeads::Zero, ConstantLeads::Nan, ConstantLeads::Constant] {
        agrees(
            &format!("{constant_leads:?}"),
            &input,
            400,
            &EcgFm {
                constant_leads,
                ..EcgFm::default()
            },
        );
    }
}

#[test]
fn values_that_are_no_numbers_spread_as_in_numpy() {
    let mut input = tracing(500, 10, 5);
    input[12 * 40 + 1] = f32::NAN;
    input[12 * 90 + 8] = f32::INFINITY;
    input[12 * 91 + 9] = f32::MAX;
    input[12 * 92 + 9] = f32::MIN;
    agrees("not finite", &input, 400, &EcgFm::default());
}
