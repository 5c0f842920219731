//! What every synthetic ECG promises, whatever the seed.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use ecgfm_synth::{Conduction, ExamTruth, Finding, Generator, Mix, Rhythm, SAMPLE_RATE, SynthOptions};
use proptest::prelude::*;

fn noiseless(seed: u64, exams: u64) -> Generator {
    let options = SynthOptions {
        exams,
        seed,
        mix: Mix::Balanced,
        noise: 0.0,
        ..SynthOptions::default()
    };
    Generator::new(&options).unwrap()
}

/// Einthoven's law and Goldberger's leads, each to one rounding of float32.
fn check_identities(row: ndarray::ArrayView1<'_, f32>) -> Result<(), String> {
    let [i, ii, iii, avr, avl, avf] = [0, 1, 2, 3, 4, 5].map(|lead| f64::from(row[lead]));
    let rounding = f64::from(f32::EPSILON) * (i.abs() + ii.abs());
    let derived = [
        ("III = II − I", iii, ii - i),
        ("aVR = −(I + II)/2", avr, -(i + ii) / 2.0),
        ("aVL = I − II/2", avl, i - ii / 2.0),
        ("aVF = II − I/2", avf, ii - i / 2.0),
    ];
    match derived
        .into_iter()
        .find(|(_, lead, expected)| (lead - expected).abs() > rounding)
    {
        None => Ok(()),
        Some((name, lead, expected)) => Err(format!("{name}: {lead} against {expected}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn lead_identities_hold_with_and_without_noise(seed: u64, index in 0_u64..50, noise in 0.0..3.0_f64) {
        for noise in [0.0, noise] {
            let options = SynthOptions { exams: 50, seed, mix: Mix::Balanced, noise, ..SynthOptions::default() };
            let exam = ecgfm_synth::make_exam(&options, index).unwrap();
            for row in exam.samples.rows() {
                prop_assert_eq!(check_identities(row), Ok(()));
            }
            prop_assert!(exam.samples.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn no_row_of_a_recording_looks_like_padding(seed: u64, index in 0_u64..50) {
        let exam = noiseless(seed, 50).exam(index).unwrap();
        prop_assert!(matches!(exam.samples.nrows(), 2934 | 4096));
        prop_assert!(exam.samples.rows().into_iter().all(|row| row.iter().any(|value| *value != 0.0)));
    }
}

#[test]
fn labels_agree_with_the_true_intervals() {
    for seed in [1, 2, 3] {
        let generator = noiseless(seed, 500);
        for index in 0..500 {
            let exam = generator.exam(index).unwrap();
            let (truth, labels) = (&exam.truth, exam.truth.labels);
            let at = format!("seed {seed}, exam {index}: {truth:?}");
            assert_eq!(
                labels.first_degree_block,
                truth.pr_ms.is_some_and(|pr| pr > 200.0),
                "{at}"
            );
            assert_eq!(labels.rbbb || labels.lbbb, truth.qrs_ms >= 120.0, "{at}");
            assert_eq!(labels.af, truth.pr_ms.is_none(), "{at}");
            assert_eq!(labels.af, truth.rhythm == Rhythm::AtrialFibrillation, "{at}");
            assert_eq!(
                labels.sb,
                truth.rhythm == Rhythm::SinusBradycardia && truth.heart_rate < 60.0,
                "{at}"
            );
            assert_eq!(
                labels.st,
                truth.rhythm == Rhythm::SinusTachycardia && truth.heart_rate > 100.0,
                "{at}"
            );
            assert_eq!(labels.rbbb, truth.conduction == Conduction::RightBlock, "{at}");
            assert!(!(labels.normal && labels.any_of_six()), "{at}");
            assert!(
                labels.normal || labels.any_of_six() || !truth.findings.is_empty(),
                "{at}"
            );
        }
    }
}

#[test]
fn normal_ecgs_are_normal() {
    let generator = noiseless(5, 600);
    for index in 0..600 {
        let truth = generator.exam(index).unwrap().truth;
        if truth.labels.normal {
            assert!((60.0..=100.0).contains(&truth.heart_rate), "{truth:?}");
            assert!(
                truth.pr_ms.is_some_and(|pr| (120.0..200.0).contains(&pr)),
                "{truth:?}"
            );
            assert!(truth.qrs_ms < 110.0, "{truth:?}");
            assert!((-30.0..=90.0).contains(&truth.axis_deg), "{truth:?}");
            assert!(truth.findings.is_empty() && truth.premature == 0, "{truth:?}");
        }
    }
}

#[test]
fn findings_show_in_the_truth() {
    let generator = noiseless(6, 900);
    for index in 0..900 {
        let truth = generator.exam(index).unwrap().truth;
        let has = |finding| truth.findings.contains(&finding);
        if has(Finding::LeftAxis) {
            assert!((-70.0..-30.0).contains(&truth.axis_deg), "{truth:?}");
        }
        if has(Finding::RightAxis) {
            assert!((95.0..135.0).contains(&truth.axis_deg), "{truth:?}");
        }
        if has(Finding::PrematureAtrial) || (has(Finding::PrematureVentricular) && !truth.labels.af) {
            assert!(truth.premature > 0, "{truth:?}");
        }
        if has(Finding::LongQt) {
            let qtc = truth.qt_ms / (60.0 / truth.heart_rate).cbrt();
            assert!(qtc > 470.0, "{qtc}: {truth:?}");
        }
    }
}

#[test]
fn fibrillation_is_irregular_and_sinus_rhythm_is_not() {
    let generator = noiseless(7, 600);
    let mut spreads = [Vec::new(), Vec::new()];
    for index in 0..600 {
        let truth = generator.exam(index).unwrap().truth;
        let rr: Vec<f64> = truth.r_peaks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if rr.len() < 6 || !truth.findings.is_empty() {
            continue;
        }
        let mean = rr.iter().sum::<f64>() / rr.len() as f64;
        let spread = (rr.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rr.len() as f64).sqrt() / mean;
        spreads[usize::from(truth.labels.af)].push(spread);
    }
    assert!(spreads[0].iter().all(|spread| *spread < 0.1));
    let regular = spreads[1].iter().filter(|spread| **spread < 0.1).count();
    assert!(
        regular * 20 <= spreads[1].len(),
        "{regular} of {}",
        spreads[1].len()
    );
}

/// Probability that one of `high` is above one of `low` (AUROC).
fn separation(high: &[f64], low: &[f64]) -> f64 {
    let above = |h: &f64| low.iter().map(|l| if h > l { 1.0 } else { 0.0 }).sum::<f64>();
    high.iter().map(above).sum::<f64>() / (high.len() * low.len()) as f64
}

/// Whether a label holds, and the measure that tells it, where an exam has one.
type Measure = fn(&ExamTruth) -> Option<(bool, f64)>;

/// Overlap is no confusion: a reader with the true measures is right in most cases, and not in all.
#[test]
fn with_overlap_true_measures_tell_labels_well_and_not_perfectly() {
    let options = SynthOptions {
        exams: 1500,
        mix: Mix::Balanced,
        noise: 0.0,
        overlap: 1.0,
        ..SynthOptions::default()
    };
    let generator = Generator::new(&options).unwrap();
    let truths: Vec<_> = (0..options.exams)
        .map(|index| generator.exam(index).unwrap().truth)
        .collect();
    let measures: [(&str, Measure); 4] = [
        ("SB", |t| (!t.labels.af).then_some((t.labels.sb, -t.heart_rate))),
        ("ST", |t| (!t.labels.af).then_some((t.labels.st, t.heart_rate))),
        ("1dAVb", |t| t.pr_ms.map(|pr| (t.labels.first_degree_block, pr))),
        ("block", |t| Some((t.labels.rbbb || t.labels.lbbb, t.qrs_ms))),
    ];
    for (label, measure) in measures {
        let (high, low): (Vec<_>, Vec<_>) = truths.iter().filter_map(measure).partition(|(holds, _)| *holds);
        let [high, low] =
            [high, low].map(|side| side.into_iter().map(|(_, value)| value).collect::<Vec<_>>());
        let auroc = separation(&high, &low);
        assert!((0.9..0.995).contains(&auroc), "{label}: {auroc}");
    }
}

#[test]
fn overlap_changes_no_label_and_makes_recordings_of_the_old_noisier() {
    let of = |overlap, noise| {
        let options = SynthOptions {
            exams: 300,
            mix: Mix::Balanced,
            overlap,
            noise,
            ..SynthOptions::default()
        };
        Generator::new(&options).unwrap()
    };
    let (apart, overlapping, quiet) = (of(0.0, 1.0), of(1.0, 1.0), of(1.0, 0.0));
    let mut noise = [Vec::new(), Vec::new()];
    for index in 0..300 {
        let [a, b, q] = [&apart, &overlapping, &quiet].map(|generator| generator.exam(index).unwrap());
        assert_eq!(
            (a.truth.labels, a.age, a.exam_id),
            (b.truth.labels, b.age, b.exam_id)
        );
        assert_eq!(b.truth, q.truth);
        let power = (&b.samples - &q.samples)
            .mapv(|x| f64::from(x).powi(2))
            .mean()
            .unwrap();
        noise[usize::from(a.age >= 75)].push(power.sqrt());
    }
    let [others, old] = noise.map(|mut each| {
        each.sort_by(f64::total_cmp);
        each[each.len() / 2]
    });
    assert!(old > 2.0 * others, "median noise {old} against {others}");
}

#[test]
fn r_peaks_are_where_the_tracing_is_highest() {
    let generator = noiseless(8, 80);
    for index in 0..80 {
        let exam = generator.exam(index).unwrap();
        for &peak in &exam.truth.r_peaks {
            let at = (peak * SAMPLE_RATE).round() as usize;
            let rows = exam.samples.nrows();
            let height = |row: usize| {
                exam.samples
                    .row(row)
                    .iter()
                    .fold(0.0_f32, |most, v| most.max(v.abs()))
            };
            let around = at.saturating_sub(24)..(at + 24).min(rows);
            let highest = around.map(height).fold(0.0, f32::max);
            let here = (at.saturating_sub(2)..(at + 3).min(rows))
                .map(height)
                .fold(0.0, f32::max);
            assert!(
                here > 0.9 * highest,
                "exam {index}, {peak} s: {here} against {highest}"
            );
        }
    }
}

#[test]
fn an_exam_is_the_same_alone_and_noise_changes_only_the_noise() {
    let options = SynthOptions {
        exams: 40,
        ..SynthOptions::default()
    };
    let generator = Generator::new(&options).unwrap();
    let together: Vec<_> = (0..40).map(|index| generator.exam(index).unwrap()).collect();
    let alone = ecgfm_synth::make_exam(&options, 17).unwrap();
    assert_eq!(alone.samples, together[17].samples);
    assert_eq!(alone.truth, together[17].truth);
    let quiet = ecgfm_synth::make_exam(
        &SynthOptions {
            noise: 0.0,
            ..options.clone()
        },
        17,
    )
    .unwrap();
    assert_eq!(quiet.truth, alone.truth);
    let difference = (&quiet.samples - &alone.samples)
        .mapv(|x| f64::from(x).powi(2))
        .mean()
        .unwrap()
        .sqrt();
    assert!(difference > 0.001 && difference < 1.0, "{difference}");
    let other = ecgfm_synth::make_exam(&SynthOptions { seed: 43, ..options }, 17).unwrap();
    assert_ne!(other.truth.r_peaks, alone.truth.r_peaks);
}

#[test]
fn an_exam_past_the_end_is_an_error_not_a_panic() {
    let error = ecgfm_synth::make_exam(
        &SynthOptions {
            exams: 3,
            ..SynthOptions::default()
        },
        3,
    )
    .unwrap_err();
    assert!(error.to_string().contains("exam 3"), "{error}");
}
