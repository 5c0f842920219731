//! The laws of the limb leads on real ECGs: none is flagged as it is, and every exchange is.

use crate::common::{ecgfm, ok, reference};
use ecgfm_formats::code15::PartReader;
use ecgfm_recipe::leads::COUNT;
use ecgfm_recipe::limb::{self, LIMB, Mistake};
use ecgfm_recipe::quality;
use ecgfm_recipe::strip::strip;
use std::path::Path;

/// The trimmed recordings of a release.
fn recordings(raw: &Path) -> Vec<Vec<f32>> {
    let mut found = Vec::new();
    for number in 0..18 {
        let path = raw.join(format!("exams_part{number}.hdf5"));
        let Some(part) = path.is_file().then(|| PartReader::open(&path).unwrap()) else {
            continue;
        };
        let real = part.exam_ids().iter().enumerate().filter(|(_, id)| **id != 0);
        for (row, _) in real {
            let mut tracing = vec![0f32; part.row_len()];
            part.read_row(row, &mut tracing).unwrap();
            let kept = strip(&tracing, COUNT);
            found.push(tracing[kept.start * COUNT..kept.end * COUNT].to_vec());
        }
    }
    found
}

/// The largest share of the limb leads' deviation that a law leaves over, and whether one is broken.
fn judged(samples: &[f32]) -> (f32, bool) {
    let found = quality::measure(samples, COUNT);
    let level = limb::level(&found.std);
    let left = limb::deviations(samples, &found.mean);
    let broken = left.iter().any(|left| limb::is_broken(*left, level));
    (left.into_iter().fold(0.0, f32::max) / level, broken)
}

fn each_row(samples: &[f32], change: impl Fn(&mut [f32; COUNT])) -> Vec<f32> {
    let mut samples = samples.to_vec();
    samples.as_chunks_mut::<COUNT>().0.iter_mut().for_each(change);
    samples
}

/// Every exchange that a law can see and every inversion: seen, and named for what it is. The least share left over after an
/// exchange of two limb leads.
fn every_mistake_is_named(samples: &[f32]) -> f32 {
    let mut least = f32::INFINITY;
    for (a, b) in (0..LIMB).flat_map(|a| (a + 1..COUNT).map(move |b| (a, b))) {
        let wrong = each_row(samples, |row| row.swap(a, b));
        let (share, broken) = judged(&wrong);
        assert!(broken, "{a} and {b}: {share}");
        assert_eq!(limb::explain(&wrong), Some(Mistake::Exchanged(a, b)));
        least = if b < LIMB { least.min(share) } else { least };
    }
    for lead in 0..LIMB {
        let wrong = each_row(samples, |row| row[lead] = -row[lead]);
        assert!(judged(&wrong).1);
        assert_eq!(limb::explain(&wrong), Some(Mistake::Inverted(lead)));
    }
    least
}

#[test]
fn real_ecgs_keep_the_laws_and_every_exchange_breaks_them() {
    let Some(reference) = reference() else { return };
    let recordings = recordings(&reference.join("code15_mini"));
    assert_eq!(recordings.len(), 10);
    let (mut most, mut least) = (0f32, f32::INFINITY);
    for samples in &recordings {
        let (share, broken) = judged(samples);
        assert!(!broken, "{share}");
        most = most.max(share);
        least = least.min(every_mistake_is_named(samples));
    }
    // What the documentation of `limb::SHARE` and docs/bad-input.md state.
    assert_eq!(format!("{most:.2} {least:.2}"), "0.02 0.36");
}

#[test]
fn synthetic_ecgs_keep_the_laws_and_every_exchange_breaks_them() {
    let dir = tempfile::tempdir().unwrap();
    ok(ecgfm()
        .args(["synth", "--quiet", "--exams", "60", "-o"])
        .arg(dir.path()));
    for samples in recordings(dir.path()) {
        let (share, broken) = judged(&samples);
        assert!(!broken && share < 1e-5, "{share}");
        assert!(every_mistake_is_named(&samples) > limb::SHARE);
    }
}

#[test]
fn the_stage_flags_no_real_ecg() {
    let Some(reference) = reference() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut command = ecgfm();
    command.args(["stage", "signals", "--quiet", "--json", "--with"]);
    command.arg(format!("raw={}", reference.join("code15_mini").display()));
    command.arg("--out").arg(dir.path().join("out"));
    let counts: serde_json::Value = serde_json::from_str(&ok(&mut command)).unwrap();
    assert_eq!(counts["counts"]["kept"], 10);
    assert_eq!(counts["counts"]["flagged"], 0);
}
