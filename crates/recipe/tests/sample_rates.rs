//! Sample rates held against the signal, on ECGs that are made here: beats are found, the mains too, and an archive whose rate
//! is wrong is known by them.

use ecgfm_recipe::beats::BeatTiming;
use ecgfm_recipe::common_rates::COMMON_RATES;
use ecgfm_recipe::excerpt::Excerpt;
use ecgfm_recipe::heart_rate::measure_heart_rate;
use ecgfm_recipe::mains::{MainsFinder, MainsLine};
use ecgfm_recipe::rate_check::{BetterRate, HEART_RATES, RateEvidence, find_better_rate};
use proptest::prelude::*;
use std::convert::Infallible;
use std::f64::consts::TAU;

/// An ECG of twelve leads: a sum of bells for P, Q, R, S and T in every beat.
#[derive(Debug, Clone, Copy)]
struct TestEcg {
    heart_rate: f64,
    /// Width of QRS and its delay to T as a multiple of the usual ones.
    qrs: f64,
    /// Amplitude of the mains, in millivolts, and their frequency.
    hum: (f64, f64),
    seconds: f64,
}

impl Default for TestEcg {
    fn default() -> Self {
        Self {
            heart_rate: 70.0,
            qrs: 1.0,
            hum: (0.0, 60.0),
            seconds: 10.0,
        }
    }
}

impl TestEcg {
    fn samples(&self, rate: f64) -> Vec<f32> {
        let interval = 60.0 / self.heart_rate;
        // Time after R, width and height of every wave.
        let waves = [
            (-0.16, 0.025, 0.12),
            (-0.028 * self.qrs, 0.009 * self.qrs, -0.15),
            (0.0, 0.011 * self.qrs, 1.1),
            (0.03 * self.qrs, 0.010 * self.qrs, -0.25),
            (0.27 * interval.sqrt(), 0.045, 0.3),
        ];
        let at = |t: f64| {
            let since = (t / interval).fract() * interval;
            let bell = |(delay, width, height): (f64, f64, f64)| {
                let nearest = [since - delay, since - interval - delay];
                let sum: f64 = nearest
                    .iter()
                    .map(|d| (-d * d / (2.0 * width * width)).exp())
                    .sum();
                height * sum
            };
            waves.into_iter().map(bell).sum::<f64>()
        };
        // Noise without a line: a generator of Lehmer's.
        let mut state = 1u64;
        let mut noise = move || {
            state = state * 48271 % 0x7fff_ffff;
            state as f64 / f64::from(0x7fff_ffff_u32) - 0.5
        };
        (0..(self.seconds * rate) as usize)
            .flat_map(|i| {
                let t = i as f64 / rate;
                let (ecg, hum) = (at(t), self.hum.0 * (TAU * self.hum.1 * t).sin());
                std::array::from_fn::<f32, 12, _>(|lead| {
                    let share = 0.4 + 0.1 * lead as f64;
                    (share * ecg + hum + 0.01 * noise()) as f32
                })
            })
            .collect()
    }

    /// What is found in a recording of `rate` Hz that is stated to have `stated` Hz.
    fn evidence(&self, rate: f64, stated: f64) -> (RateEvidence, Excerpt) {
        let samples = self.samples(rate);
        let excerpt = Excerpt::new(&samples, stated);
        let evidence = RateEvidence {
            timing: BeatTiming::measure(&excerpt, stated),
            mains: MainsFinder::default().find(&excerpt, stated),
            samples: samples.len() / 12,
        };
        (evidence, excerpt)
    }
}

/// An archive of hearts between 50 and 100 a minute.
fn archive(hum: f64, rate: f64, stated: f64, seconds: f64) -> Option<BetterRate> {
    let ecgs = (0..20).map(|i| TestEcg {
        heart_rate: 50.0 + 2.5 * f64::from(i),
        qrs: 0.9 + 0.02 * f64::from(i),
        hum: (hum, 50.0),
        seconds: seconds + f64::from(i) * 0.013 * f64::from(u8::from(seconds.fract() != 0.0)),
    });
    let (evidence, excerpts): (Vec<_>, Vec<_>) = ecgs.map(|ecg| ecg.evidence(rate, stated)).unzip();
    let remeasure = |rates: &[u32]| {
        let at = |rate: &u32| {
            let all = excerpts.iter();
            all.map(|excerpt| BeatTiming::measure(excerpt, f64::from(*rate)))
                .collect()
        };
        Ok::<_, Infallible>(rates.iter().map(at).collect())
    };
    match find_better_rate(stated, &evidence, remeasure) {
        Ok(found) => found,
        Err(never) => match never {},
    }
}

#[test]
fn an_archive_at_its_true_rate_is_never_suspected() {
    for rate in COMMON_RATES {
        for (hum, seconds) in [(0.0, 10.0), (0.01, 10.0), (0.0, 9.31)] {
            let found = archive(hum, f64::from(rate), f64::from(rate), seconds);
            assert_eq!(found, None, "{rate} Hz, hum {hum}");
        }
    }
}

#[test]
fn an_archive_of_500_hz_read_at_400_is_named_by_its_mains_and_by_its_beats() {
    let by_mains = archive(0.01, 500.0, 400.0, 9.31).map(|found| (found.sample_rate, found.lines));
    assert_eq!(by_mains, Some((500, 20)));
    for seconds in [10.0, 9.31] {
        let by_beats = archive(0.0, 500.0, 400.0, seconds).map(|found| (found.sample_rate, found.lines));
        assert_eq!(by_beats, Some((500, 0)), "{seconds} s");
    }
    assert_eq!(
        archive(0.01, 400.0, 500.0, 9.31).map(|found| found.sample_rate),
        Some(400)
    );
}

#[test]
fn far_rates_are_named_without_mains() {
    for (rate, stated) in [
        (1000, 500),
        (500, 1000),
        (250, 500),
        (500, 250),
        (100, 500),
        (400, 1000),
        (500, 257),
    ] {
        let found = archive(0.0, f64::from(rate), f64::from(stated), 10.0);
        assert_eq!(
            found.map(|found| found.sample_rate),
            Some(rate),
            "{rate} Hz read at {stated}"
        );
    }
}

#[test]
fn slow_hearts_or_wide_complexes_alone_are_no_wrong_rate() {
    let found = |heart_rate: f64, qrs: f64| {
        let ecgs: Vec<_> = (0..20)
            .map(|i| TestEcg {
                heart_rate: heart_rate + 0.2 * f64::from(i),
                qrs,
                ..TestEcg::default()
            })
            .map(|ecg| ecg.evidence(400.0, 400.0))
            .collect();
        let evidence: Vec<_> = ecgs.iter().map(|(evidence, _)| *evidence).collect();
        find_better_rate(400.0, &evidence, |rates| {
            let at = |rate: &u32| {
                ecgs.iter()
                    .map(|(_, excerpt)| BeatTiming::measure(excerpt, f64::from(*rate)))
                    .collect()
            };
            Ok::<_, Infallible>(rates.iter().map(at).collect())
        })
    };
    assert_eq!(found(52.0, 1.0), Ok(None));
    assert_eq!(found(118.0, 1.0), Ok(None));
    assert_eq!(found(70.0, 1.7), Ok(None));
}

#[test]
fn what_is_no_heart_has_no_beats_and_no_mains() {
    for samples in [
        vec![0f32; 12 * 4000],
        vec![f32::NAN; 12 * 4000],
        vec![1.0; 12 * 3],
        Vec::new(),
    ] {
        let excerpt = Excerpt::new(&samples, 400.0);
        assert_eq!(BeatTiming::measure(&excerpt, 400.0), None);
        assert_eq!(MainsFinder::default().find(&excerpt, 400.0), MainsLine::Absent);
    }
}

/// Leads of a recording that is sample-major.
fn by_lead(samples: &[f32]) -> Vec<Vec<f32>> {
    (0..12)
        .map(|lead| samples.iter().skip(lead).step_by(12).copied().collect())
        .collect()
}

#[test]
fn a_heart_rate_is_told_only_where_limb_and_chest_leads_agree() {
    let leads = |heart_rate: f64| {
        let ecg = TestEcg {
            heart_rate,
            ..TestEcg::default()
        };
        by_lead(&ecg.samples(500.0))
    };
    let mut mixed = leads(70.0);
    assert!((measure_heart_rate(&mixed, 500.0).unwrap() - 70.0).abs() < 1.5);
    mixed[6..].clone_from_slice(&leads(110.0)[6..]);
    assert_eq!(measure_heart_rate(&mixed, 500.0), None);
    let mut without_chest = leads(70.0);
    without_chest[6..].iter_mut().for_each(|lead| lead.fill(0.0));
    assert_eq!(measure_heart_rate(&without_chest, 500.0), None);
    assert_eq!(measure_heart_rate(&leads(70.0)[..3], 500.0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_heart_rate_is_found(heart_rate in 40f64..180.0, rate in prop::sample::select(&COMMON_RATES[..6])) {
        let ecg = TestEcg { heart_rate, ..TestEcg::default() };
        let (found, _) = ecg.evidence(f64::from(rate), f64::from(rate));
        let found = found.timing.map(|timing| timing.heart_rate);
        prop_assert!(found.is_some_and(|found| (found / heart_rate - 1.0).abs() < 0.03), "{found:?}");
    }

    #[test]
    fn the_unit_and_the_sign_of_the_leads_change_nothing(scale in 1e-3f32..1e4, heart_rate in 45f64..120.0) {
        let samples = TestEcg { heart_rate, ..TestEcg::default() }.samples(400.0);
        let timing = |samples: &[f32]| BeatTiming::measure(&Excerpt::new(samples, 400.0), 400.0);
        let scaled: Vec<f32> = samples.iter().map(|v| -scale * v).collect();
        match (timing(&samples), timing(&scaled)) {
            (Some(a), Some(b)) => {
                for (a, b) in [(a.heart_rate, b.heart_rate), (a.qrs, b.qrs), (a.r_to_t, b.r_to_t)] {
                    prop_assert!((a / b - 1.0).abs() < 0.02, "{a} {b}");
                }
            }
            found => prop_assert!(false, "{found:?}"),
        }
    }

    #[test]
    fn hum_is_found_where_it_is(
        mains in prop::sample::select(&[50.0, 60.0][..]), off in -0.1f64..0.1, heart_rate in 40f64..180.0,
        stated in prop::sample::select(&[400.0, 500.0][..]),
    ) {
        let ecg = TestEcg { heart_rate, hum: (0.01, mains + off), ..TestEcg::default() };
        prop_assert_eq!(ecg.evidence(stated, stated).0.mains, MainsLine::AsStated);
        let true_rate = 900.0 - stated;
        match ecg.evidence(true_rate, stated).0.mains {
            MainsLine::Displaced { frequency, sample_rate, mains: named } => {
                prop_assert!((frequency - (mains + off) * stated / true_rate).abs() < 0.15);
                prop_assert_eq!((f64::from(sample_rate), f64::from(named)), (true_rate, mains));
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn a_heart_without_hum_has_no_line(heart_rate in 40f64..240.0, stated in prop::sample::select(&COMMON_RATES[..])) {
        // Multiples of a faster regular rhythm are far enough apart to be lines of their own; no heart beats so.
        prop_assume!(HEART_RATES.contains(&(heart_rate * f64::from(stated) / 500.0)));
        let ecg = TestEcg { heart_rate, ..TestEcg::default() };
        prop_assert_eq!(ecg.evidence(500.0, f64::from(stated)).0.mains, MainsLine::Absent);
    }
}
