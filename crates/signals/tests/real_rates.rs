//! Real recordings at their true rate, at which nothing may be suspected, and at others.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test that cannot go on should stop there.

mod common;

use common::reference;
use ecgfm_archives::datasets::find_dataset;
use ecgfm_artifacts::recipe::beats::BeatTiming;
use ecgfm_artifacts::recipe::common_rates::COMMON_RATES;
use ecgfm_artifacts::recipe::excerpt::Excerpt;
use ecgfm_artifacts::recipe::mains::{MainsFinder, MainsLine};
use ecgfm_artifacts::recipe::rate_check::{BetterRate, HEART_RATES, RateEvidence, find_better_rate};
use ecgfm_artifacts::recipe::strip::strip;
use ecgfm_recordings::{MissingLeads, Recording, Samples};
use std::convert::Infallible;
use std::path::Path;

/// A recording: samples (sample-major, without padding) and true rate.
type Ecg = (Vec<f32>, f64);

/// The recordings of twelve leads in a directory.
fn ecgs(dataset: &str, raw: &Path) -> Vec<Ecg> {
    let archive = find_dataset(dataset).unwrap().unwrap().open(raw).unwrap();
    let mut all = Vec::new();
    for exam in archive.locate().found {
        let mut recording = Recording::default();
        let file = archive.file(exam.location.file);
        let Ok(file) = &file.recordings else {
            continue;
        };
        if file.read(exam.location.row, &mut recording).is_err()
            || recording.use_standard_leads(MissingLeads::Derive).is_err()
        {
            continue;
        }
        let samples: Vec<f32> = match &recording.samples {
            Samples::Float32(samples) => samples.clone(),
            Samples::Float64(samples) => samples.iter().map(|v| *v as f32).collect(),
        };
        let kept = strip(&samples, 12);
        all.push((
            samples[kept.start * 12..kept.end * 12].to_vec(),
            recording.sample_rate,
        ));
    }
    all
}

fn evidence((samples, _): &Ecg, stated: f64) -> RateEvidence {
    let excerpt = Excerpt::new(samples, stated);
    RateEvidence {
        timing: BeatTiming::measure(&excerpt, stated),
        mains: MainsFinder::default().find(&excerpt, stated),
        samples: samples.len() / 12,
    }
}

fn judge(ecgs: &[&Ecg], stated: f64) -> Option<BetterRate> {
    let all: Vec<RateEvidence> = ecgs.iter().map(|ecg| evidence(ecg, stated)).collect();
    let found = find_better_rate(stated, &all, |rates| {
        let at = |rate: &u32| {
            let timing = |ecg: &&Ecg| BeatTiming::measure(&Excerpt::new(&ecg.0, stated), f64::from(*rate));
            ecgs.iter().map(timing).collect()
        };
        Ok::<_, Infallible>(rates.iter().map(at).collect())
    });
    found.unwrap_or_else(|never| match never {})
}

/// All real recordings that there are: of CODE-15, of PTB, PTB-XL, Georgia and Ningbo, and of MUSE.
fn real() -> Option<(Vec<Ecg>, Vec<Ecg>)> {
    let reference = reference()?;
    let shared = reference.parent().unwrap();
    let mut others = ecgs("folder", &shared.join("wfdb"));
    others.extend(ecgs("folder", &shared.join("formats/muse")));
    Some((ecgs("code15", &reference.join("code15_mini")), others))
}

#[test]
fn nothing_is_suspected_of_a_real_recording_at_its_true_rate() {
    let Some((code15, others)) = real() else { return };
    assert_eq!(code15.len(), 10);
    assert!(others.len() >= 13, "{}", others.len());
    for ecg in code15.iter().chain(&others) {
        let found = evidence(ecg, ecg.1);
        assert!(!matches!(found.mains, MainsLine::Displaced { .. }), "{found:?}");
        let heart_rate = found.timing.map(|timing| timing.heart_rate);
        assert!(
            heart_rate.is_some_and(|rate| HEART_RATES.contains(&rate)),
            "{found:?}"
        );
    }
    for (rate, all) in [(400.0, &code15), (500.0, &others)] {
        let of_rate: Vec<&Ecg> = all.iter().filter(|ecg| ecg.1 == rate).collect();
        for some in [&of_rate[..], &of_rate.repeat(10)] {
            assert_eq!(judge(some, rate), None, "{rate} Hz, {}", some.len());
        }
    }
}

#[test]
fn archives_of_real_recordings_are_named_at_other_rates() {
    let Some((code15, others)) = real() else { return };
    for (rate, all) in [(400u32, &code15), (500, &others)] {
        let of_rate: Vec<&Ecg> = all.iter().filter(|ecg| ecg.1 == f64::from(rate)).collect();
        for stated in COMMON_RATES
            .into_iter()
            .filter(|other| (f64::from(*other) / f64::from(rate)).ln().abs() > 0.12)
        {
            for times in [1, 10] {
                let some = of_rate.repeat(times);
                let found = judge(&some, f64::from(stated));
                eprintln!("{rate} Hz read at {stated}, {} recordings: {found:?}", some.len());
                assert!(
                    times == 1 || found.is_some(),
                    "{rate} Hz read at {stated}: {found:?}"
                );
            }
        }
    }
}
