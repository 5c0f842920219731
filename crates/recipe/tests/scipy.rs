//! scipy as the judge of every step, on random signals of many rates and lengths. Skipped where there is no scipy.

use ecgfm_recipe::filter::{Band, Fraction, Sections, ZeroPhase, band_pass_taps};
use ecgfm_recipe::fourier::FourierResampler;
use ecgfm_recipe::polyphase::Polyphase;
use ecgfm_recipe::running_median::RunningMedian;
use ecgfm_recipe::steps::{LeadSignals, RecipeSteps, Workspace};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const JUDGE: &str = r"
import sys, json, warnings, numpy as np, scipy.signal as S
warnings.simplefilter('ignore')
def butter(c, output):
    hz = c['hz'] if len(c['hz']) > 1 else c['hz'][0]
    return S.butter(c['order'], hz, c['pass'], fs=c['rate'], output=output)
def answer(c):
    x = np.array(c['x']) if 'x' in c else None
    op = c['op']
    if op == 'iirnotch': return np.concatenate(S.iirnotch(c['hz'], c['q'], c['rate']))
    if op == 'butter': return np.concatenate(butter(c, 'ba'))
    if op == 'filtfilt': return S.filtfilt(c['b'], c['a'], x)
    if op == 'sosfiltfilt': return S.sosfiltfilt(butter(c, 'sos'), x)
    if op == 'firwin': return S.firwin(c['taps'], c['hz'], pass_zero='bandpass', fs=c['rate'])
    if op == 'medfilt': return S.medfilt(x, c['width'])
    if op == 'resample': return S.resample(x, c['to'], axis=1).ravel()
    if op == 'resample_poly': return S.resample_poly(x, c['up'], c['down'])
    if op == 'decimate': return S.decimate(x, c['factor'])
    if op == 'linear': return np.interp(np.arange(c['to']), np.linspace(0, c['to'] - 1, len(x)), x)
    if op == 'zscore': return (x - x.mean()) / (x.std() + 1e-8)
json.dump([answer(c).tolist() for c in json.load(sys.stdin)], sys.stdout)
";

/// What scipy answers to each case; none without scipy.
#[allow(clippy::print_stderr, reason = "a test that is skipped must say so")]
fn judge(cases: &[Value]) -> Option<Vec<Vec<f64>>> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/pytest");
    let python = |code: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", code]).env("PYTHONPATH", &tools);
        command
    };
    let found = python("import importlib.util as u, sys; sys.exit(u.find_spec('scipy') is None)")
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|s| s.success()) {
        eprintln!("SKIPPED: no python3 with scipy, so that nothing judges the steps; run tools/setup test");
        return None;
    }
    let mut child = python(JUDGE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(&serde_json::to_vec(cases).expect("JSON"))
        .expect("the judge reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the judge ends");
    assert!(output.status.success(), "the judge failed");
    Some(serde_json::from_slice(&output.stdout).expect("the judge's answers"))
}

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    fn whole(&mut self, low: usize, high: usize) -> usize {
        self.between(low as f64, high as f64 + 1.0) as usize
    }

    /// Beats, wander and noise.
    fn signal(&mut self, samples: usize) -> Vec<f64> {
        let (offset, wander) = (self.between(-2.0, 2.0), self.between(0.001, 0.01));
        let at = |random: &mut Self, t: usize| {
            let beat = (-((t % 170) as f64 - 60.0).powi(2) / 30.0).exp();
            offset + beat + 0.3 * (t as f64 * wander).sin() + 0.05 * random.between(-1.0, 1.0)
        };
        (0..samples).map(|t| at(self, t)).collect()
    }

    fn rate(&mut self) -> f64 {
        [100.0, 240.0, 250.0, 257.0, 360.0, 400.0, 499.5, 500.0, 1000.0][self.whole(0, 8)]
    }
}

/// Runs `case` fifty times, each with its own numbers, and compares what it makes with the judge's answer, relative to the
/// root mean square of the answer.
fn agrees(tolerance: f64, case: impl Fn(&mut Random) -> (Value, Vec<f64>)) {
    let made: Vec<(Value, Vec<f64>)> = (0..50).map(|seed| case(&mut Random(seed))).collect();
    let cases: Vec<Value> = made.iter().map(|(case, _)| case.clone()).collect();
    let Some(answers) = judge(&cases) else { return };
    for ((case, ours), theirs) in made.iter().zip(&answers) {
        let mut case = case.clone();
        case.as_object_mut().map(|c| c.remove("x"));
        assert_eq!(ours.len(), theirs.len(), "{case}");
        let rms = (theirs.iter().map(|v| v * v).sum::<f64>() / theirs.len() as f64).sqrt();
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            assert!(
                (a - b).abs() <= tolerance * rms,
                "{case}: value {i}: {a} is not {b}"
            );
        }
    }
}

fn filtered(filter: &ZeroPhase, x: &[f64]) -> Vec<f64> {
    let mut leads = vec![x.to_vec()];
    filter
        .apply("filter", &mut leads, &mut Vec::new())
        .expect("long enough");
    leads.remove(0)
}

/// A band, its name and its edges.
fn band(random: &mut Random, rate: f64) -> (Band, &'static str, Vec<f64>) {
    let (low, high) = (
        random.between(0.01, 0.1) * rate,
        random.between(0.15, 0.45) * rate,
    );
    match random.whole(0, 2) {
        0 => (Band::Low(high), "lowpass", vec![high]),
        1 => (Band::High(low), "highpass", vec![low]),
        _ => (Band::Between(low, high), "bandpass", vec![low, high]),
    }
}

#[test]
fn notches_agree_with_scipy() {
    agrees(1e-14, |random| {
        let (rate, q) = (random.rate(), random.between(1.0, 50.0));
        let hz = random.between(0.05, 0.45) * rate;
        let made = Fraction::notch(hz, q, rate).expect("a notch");
        (
            json!({"op": "iirnotch", "hz": hz, "q": q, "rate": rate}),
            [made.b, made.a].concat(),
        )
    });
}

#[test]
fn coefficients_of_butterworth_filters_agree_with_scipy() {
    agrees(1e-12, |random| {
        let rate = random.rate();
        let (band, pass, hz) = band(random, rate);
        let order = random.whole(1, 8);
        let made = Fraction::butterworth(order, band, rate).expect("a filter");
        let case = json!({"op": "butter", "order": order, "pass": pass, "hz": hz, "rate": rate});
        (case, [made.b, made.a].concat())
    });
}

#[test]
fn fractions_forth_and_back_agree_with_scipy() {
    agrees(1e-9, |random| {
        let rate = random.rate();
        let order = random.whole(1, 3);
        let filter = match random.whole(0, 1) {
            0 => Fraction::notch(random.between(0.05, 0.45) * rate, 30.0, rate),
            _ => Fraction::butterworth(order, band(random, rate).0, rate),
        };
        let filter = filter.expect("a filter");
        let samples = random.whole(30, 900);
        let x = random.signal(samples);
        let case = json!({"op": "filtfilt", "b": filter.b, "a": filter.a, "x": x});
        (case, filtered(&ZeroPhase::fraction(filter), &x))
    });
}

#[test]
fn sections_forth_and_back_agree_with_scipy() {
    agrees(1e-9, |random| {
        let rate = random.rate();
        let (band, pass, hz) = band(random, rate);
        let order = random.whole(1, 8);
        let filter = ZeroPhase::sections(Sections::butterworth(order, band, rate).expect("a filter"));
        let samples = random.whole(60, 900);
        let x = random.signal(samples);
        let case = json!({"op": "sosfiltfilt", "order": order, "pass": pass, "hz": hz, "rate": rate, "x": x});
        (case, filtered(&filter, &x))
    });
}

#[test]
fn taps_agree_with_scipy() {
    agrees(1e-12, |random| {
        let (rate, taps) = (random.rate(), 2 * random.whole(1, 150) + 1);
        let (low, high) = (
            random.between(0.001, 0.1) * rate,
            random.between(0.15, 0.45) * rate,
        );
        let made = band_pass_taps(taps, low, high, rate).expect("taps");
        (
            json!({"op": "firwin", "taps": taps, "hz": [low, high], "rate": rate}),
            made,
        )
    });
}

#[test]
fn taps_forth_and_back_agree_with_scipy() {
    agrees(1e-11, |random| {
        let taps = band_pass_taps(2 * random.whole(1, 60) + 1, 1.0, 40.0, 250.0).expect("taps");
        let samples = random.whole(400, 900);
        let x = random.signal(samples);
        let case = json!({"op": "filtfilt", "b": taps, "a": [1.0], "x": x});
        (case, filtered(&ZeroPhase::taps(taps), &x))
    });
}

#[test]
fn running_medians_are_scipys_to_the_bit() {
    agrees(0.0, |random| {
        let (samples, width) = (random.whole(1, 900), 2 * random.whole(0, 120) + 1);
        let mut x = random.signal(samples);
        if random.whole(0, 1) == 0 {
            // As recorded: many values are equal.
            x.iter_mut().for_each(|v| *v = (*v * 40.0).round());
        }
        let mut out = Vec::new();
        RunningMedian::default().medians(&x, width, &mut out);
        (json!({"op": "medfilt", "width": width, "x": x}), out)
    });
}

#[test]
fn fourier_resampling_agrees_with_scipy_at_any_length() {
    agrees(1e-12, |random| {
        let mut lengths = [random.whole(1, 900), random.whole(1, 900)];
        if random.whole(0, 1) == 0 {
            // Without large prime factors.
            let smooth = [
                2, 3, 5, 8, 9, 10, 25, 48, 50, 75, 100, 125, 240, 250, 500, 625, 750, 900,
            ];
            lengths = lengths.map(|length| smooth[length % smooth.len()]);
        }
        let [samples, to] = lengths;
        let (leads, halved) = (random.whole(1, 14), random.whole(0, 3) == 0);
        let samples = if halved { 2 * to } else { samples };
        let x: Vec<Vec<f64>> = (0..leads).map(|_| random.signal(samples)).collect();
        let mut made = x.clone();
        FourierResampler::default().resample(&mut made, to);
        (json!({"op": "resample", "to": to, "x": x}), made.concat())
    });
}

#[test]
fn polyphase_resampling_agrees_with_scipy() {
    agrees(1e-12, |random| {
        let (up, down) = (random.whole(1, 40), random.whole(1, 40));
        let samples = random.whole(1, 500);
        let x = random.signal(samples);
        let mut out = Vec::new();
        Polyphase::new(down, up).resample(&x, &mut out);
        (
            json!({"op": "resample_poly", "up": up, "down": down, "x": x}),
            out,
        )
    });
}

/// One lead through these steps.
fn stepped(steps: &str, rate: f64, x: &[f64]) -> Vec<f64> {
    let steps = RecipeSteps::parse(&format!("[{{step: leads, names: [I]}}, {steps}]")).expect("steps");
    let recording = LeadSignals {
        names: vec!["I".to_owned()],
        sample_rate: rate,
        leads: vec![x.to_vec()],
    };
    let made = steps.check().expect("steps that make sense");
    made.apply(&recording, &mut Workspace::default())
        .expect("a recording that fits")
        .segments
        .concat()
}

#[test]
fn decimating_agrees_with_scipy() {
    agrees(1e-9, |random| {
        let (factor, samples) = (random.whole(2, 10), random.whole(30, 900));
        let (x, rate) = (random.signal(samples), 100 * factor);
        let length = samples.div_ceil(factor);
        let steps = format!(
            "{{step: resample, method: iir_decimate, hz: 100}}, {{step: segments, take: first, samples: {length}}}"
        );
        let made = stepped(&steps, rate as f64, &x);
        (json!({"op": "decimate", "factor": factor, "x": x}), made)
    });
}

#[test]
fn straight_lines_agree_with_numpy() {
    agrees(1e-12, |random| {
        let (samples, to) = (random.whole(2, 900), random.whole(2, 900));
        let x = random.signal(samples);
        let made = stepped(
            &format!("{{step: resample, method: linear, samples: {to}}}"),
            500.0,
            &x,
        );
        (json!({"op": "linear", "to": to, "x": x}), made)
    });
}

#[test]
fn z_scores_agree_with_numpy() {
    agrees(1e-12, |random| {
        let samples = random.whole(2, 900);
        let x = random.signal(samples);
        let steps = format!(
            "{{step: normalize, kind: z_score, over: record, eps: 1.0e-8}}, {{step: segments, take: first, samples: {samples}}}"
        );
        (json!({"op": "zscore", "x": x}), stepped(&steps, 500.0, &x))
    });
}
