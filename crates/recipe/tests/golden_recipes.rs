//! Tensors that the models' own preparation made of public records, against the built-in recipes. Skipped where there are
//! no shared records: `ECGFM_SHARED`, or `shared/` in the checkout.

use ecgfm_recipe::steps::{LeadSignals, ModelInput, Workspace, built_in};
use ecgfm_recipe::{Scratch, leads};
use std::path::{Path, PathBuf};

/// Directory with `recipes/` and `wfdb/`.
#[allow(clippy::print_stderr, reason = "a test that is skipped must say so")]
fn shared() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let root = std::env::var_os("ECGFM_SHARED").map_or(own, PathBuf::from);
    let there = root.join("recipes").is_dir() && root.join("wfdb").is_dir();
    if !there {
        eprintln!(
            "SKIPPED: no recipes/ and wfdb/ in {}, so that nothing judges the recipes",
            root.display()
        );
    }
    there.then_some(root)
}

/// A record of 16-bit samples: file, bytes before them, signals, gain per mV, sample rate.
type Layout = (&'static str, usize, usize, f64, f64);

const HR06000: Layout = ("cinc2021-ptbxl/HR06000.mat", 24, 12, 1000.0, 500.0);
const JS20000: Layout = ("cinc2021-ningbo/JS20000.mat", 24, 12, 1000.0, 500.0);
const S0010: Layout = ("ptb/s0010_re.dat", 0, 12, 2000.0, 1000.0);

fn record(root: &Path, (file, header, signals, gain, sample_rate): Layout) -> LeadSignals {
    let bytes = std::fs::read(root.join("wfdb").join(file)).expect("a record");
    let (words, _) = bytes[header..].as_chunks::<2>();
    let lead = |l: usize| {
        let samples = words.iter().skip(l).step_by(signals);
        samples
            .map(|w| f64::from(i16::from_le_bytes(*w)) / gain)
            .collect()
    };
    LeadSignals {
        names: leads::NAMES.map(str::to_lowercase).to_vec(),
        sample_rate,
        leads: (0..12).map(lead).collect(),
    }
}

/// The float32 values of a `.npy` file of format 1.
fn golden(root: &Path, file: &str) -> Vec<f32> {
    let bytes = std::fs::read(root.join("recipes").join(file)).expect("a golden array");
    assert!(bytes.windows(11).any(|w| w == b"'descr': '<"), "{file}");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let (values, rest) = bytes[start..].as_chunks::<4>();
    assert!(rest.is_empty());
    values.iter().map(|v| f32::from_le_bytes(*v)).collect()
}

fn made(recipe: &str, recording: &LeadSignals) -> ModelInput {
    let recipe = built_in(recipe)
        .expect("a recipe")
        .check()
        .expect("a recipe that makes sense");
    recipe
        .apply(recording, &mut Workspace::default())
        .expect("a recording that fits")
}

/// Half of the distance from a value to the next float32: what rounding took from the golden one.
fn rounding(value: f32) -> f64 {
    f64::from(value.abs().next_up() - value.abs()) / 2.0
}

fn root_mean_square(values: &[f32]) -> f64 {
    let squares: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

/// Largest difference relative to the root mean square, in float64 beyond the rounding of the golden values.
fn compare(name: &str, made: &ModelInput, golden: &[f32]) -> f64 {
    let rms = root_mean_square(golden);
    assert_eq!(
        made.segments.len() * made.rows * made.samples,
        golden.len(),
        "{name}"
    );
    for (ours, theirs) in made.to_f32().iter().zip(golden) {
        assert!(
            f64::from((ours - theirs).abs()) <= 1e-5 * rms,
            "{name}: {ours} is not {theirs}"
        );
    }
    let beyond = |(ours, theirs): (&f64, &f32)| ((ours - f64::from(*theirs)).abs() - rounding(*theirs)) / rms;
    made.segments
        .iter()
        .flatten()
        .zip(golden)
        .map(beyond)
        .fold(0.0, f64::max)
}

fn swap_rows(values: &mut [f32], (first, second): (usize, usize), samples: usize) {
    (0..samples).for_each(|t| values.swap(first * samples + t, second * samples + t));
}

#[test]
fn every_recipe_makes_what_the_authors_code_makes() {
    let Some(root) = shared() else { return };
    let mut worst = Vec::new();
    for (recipe, directory, records) in [
        (
            "ecgfounder",
            "ecgfounder",
            &["HR06000", "JS20000", "s0010_re"][..],
        ),
        ("hubert_ecg", "hubert", &["HR06000", "JS20000", "s0010_re"]),
        ("st_mem", "stmem", &["HR06000", "JS20000", "s0010_re"]),
        ("ecg_jepa", "jepa", &["HR06000", "JS20000", "s0010_re"]),
        ("merl", "merl", &["HR06000", "JS20000"]),
        ("ecg_fm_quickstart", "ecgfm", &["HR06000", "JS20000", "s0010_re"]),
        ("clef", "clef", &["HR06000", "JS20000"]),
        ("echonext", "echonext", &["HR06000", "JS20000"]),
    ] {
        for name in records {
            let layout = [HR06000, JS20000, S0010]
                .into_iter()
                .find(|l| l.0.contains(name))
                .expect("a record");
            let mut recording = record(&root, layout);
            if (recipe, *name) == ("ecgfounder", "s0010_re") {
                // Made of the first 10 s.
                recording.leads.iter_mut().for_each(|lead| lead.truncate(10_000));
            }
            let mut golden = golden(&root, &format!("{directory}/{name}.npy"));
            if recipe == "merl" {
                // The golden rows are in the standard order; MERL's network takes MIMIC's.
                swap_rows(&mut golden, (4, 5), 5000);
            }
            worst.push((recipe, *name, compare(recipe, &made(recipe, &recording), &golden)));
        }
    }
    assert_eq!(worst.len(), 21);
    assert!(
        worst.iter().all(|(_, _, difference)| *difference <= 1e-9),
        "{worst:#?}"
    );
}

#[test]
fn the_two_recipes_of_ecg_fm_differ_by_the_epsilon_only() {
    let Some(root) = shared() else { return };
    for (layout, name) in [(HR06000, "HR06000"), (JS20000, "JS20000"), (S0010, "s0010_re")] {
        let golden = golden(&root, &format!("ecgfm/{name}.npy"));
        let difference = compare(name, &made("ecg_fm", &record(&root, layout)), &golden);
        assert!(difference < 3e-6, "{name}: {difference:e}");
    }
}

#[test]
fn the_fast_way_of_ecg_fm_makes_the_same_values() {
    let mut waves = LeadSignals {
        names: leads::NAMES.map(str::to_owned).to_vec(),
        sample_rate: 400.0,
        leads: (0..12)
            .map(|l| {
                (0..4100)
                    .map(|t| (f64::from(t * (l + 3)) * 0.01).sin() + f64::from(l))
                    .collect()
            })
            .collect(),
    };
    waves.leads[7].fill(0.5);
    for lead in &mut waves.leads {
        lead[..40].fill(0.0);
        lead[4060..].fill(0.0);
    }
    let steps = built_in("ecg_fm").expect("a recipe");
    let general = made("ecg_fm", &waves);
    let fast = steps
        .as_ecg_fm()
        .expect("the list of ECG-FM")
        .recipe()
        .expect("a recipe");
    let samples: Vec<f64> = (0..4100)
        .flat_map(|t| waves.leads.iter().map(move |lead| lead[t]))
        .collect();
    let mut scratch = Scratch::default();
    let trimmed = fast.trim(&samples, 400.0, &mut scratch).expect("whole samples");
    let mut segments = vec![0f32; trimmed.segment_count() * fast.segment_values()];
    trimmed.write_segments(&mut segments);
    assert_eq!(
        (general.segments.len(), general.rows, general.samples),
        (2, 12, 2500)
    );
    for (a, b) in general.segments.iter().flatten().zip(&segments) {
        assert!(
            (a - f64::from(*b)).abs() <= rounding(*b) + 1e-12,
            "{a} is not {b}"
        );
    }
}
