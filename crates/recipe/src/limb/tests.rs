use super::*;
use crate::leads::NAMES;
use crate::quality;
use crate::residuals::Residuals;
use proptest::prelude::*;

/// Potentials of right arm, left arm, left leg and the six chest electrodes, as leads.
fn leads_of([ra, la, ll, chest @ ..]: [f32; 9]) -> [f32; COUNT] {
    let (i, ii, iii) = (la - ra, ll - ra, ll - la);
    let mut sample = [0f32; COUNT];
    sample[..LIMB].copy_from_slice(&[i, ii, iii, -(i + ii) / 2.0, (i - iii) / 2.0, (ii + iii) / 2.0]);
    let zero = (ra + la + ll) / 3.0;
    sample[LIMB..]
        .iter_mut()
        .zip(chest)
        .for_each(|(v, c)| *v = c - zero);
    sample
}

/// Electrodes whose potentials are sums of waves that have nothing to do with each other.
fn recording(samples: usize, seed: f32) -> Vec<f32> {
    let potential = |t: usize, e: usize| {
        let x = t as f32 * (0.013 + 0.007 * e as f32) + seed * (e + 1) as f32;
        (0.4 + 0.05 * e as f32) * (x.sin() + (2.7 * x).cos())
    };
    (0..samples)
        .flat_map(|t| leads_of(std::array::from_fn(|e| potential(t, e))))
        .collect()
}

fn broken(samples: &[f32]) -> Vec<&'static str> {
    let found = quality::measure(samples, COUNT);
    let level = level(&found.std);
    let left = deviations(samples, &found.mean);
    let laws = LAWS.iter().zip(left).filter(|(_, left)| is_broken(*left, level));
    laws.map(|(law, _)| law.name).collect()
}

/// The recording after a mistake.
fn mistaken(samples: &[f32], mistake: &Mistake) -> Vec<f32> {
    let mut samples = samples.to_vec();
    for row in samples.as_chunks_mut::<COUNT>().0 {
        let was = *row;
        match mistake {
            Mistake::Exchanged(a, b) => row.swap(*a, *b),
            Mistake::Inverted(lead) => row[*lead] = -row[*lead],
            Mistake::Order(order) => (0..LIMB).for_each(|at| row[at] = was[order[at]]),
        }
    }
    samples
}

#[test]
fn the_laws_are_those_of_the_leads() {
    let sample: [f32; COUNT] = std::array::from_fn(|l| (l as f32 * 1.7).sin());
    let one = Residuals::of(&sample);
    let wanted = [one.einthoven, one.avr, one.avl, one.avf];
    for (law, wanted) in LAWS.iter().zip(wanted) {
        let sum: f64 = law
            .weights
            .iter()
            .zip(sample)
            .map(|(w, v)| w * f64::from(v))
            .sum();
        assert!((sum - wanted).abs() < 1e-6, "{}", law.name);
        let named: Vec<&str> = law.leads.split(' ').collect();
        let weighted = (0..LIMB).filter(|l| law.weights[*l] != 0.0).map(|l| NAMES[l]);
        assert_eq!(weighted.collect::<Vec<_>>(), named);
    }
    for (left, wanted) in left_over(&sample).into_iter().zip(wanted) {
        assert!((f64::from(left) - wanted).abs() < 1e-6);
    }
}

#[test]
fn every_exchange_and_every_inversion_is_seen_and_named() {
    let samples = recording(4096, 0.3);
    assert_eq!((broken(&samples), explain(&samples).is_some()), (vec![], false));
    for mistake in exchanges().chain((0..LIMB).map(Mistake::Inverted)) {
        let samples = mistaken(&samples, &mistake);
        assert_ne!(broken(&samples), Vec::<&str>::new(), "{mistake:?}");
        assert_eq!(explain(&samples), Some(mistake));
    }
}

/// The recording once the mistake is taken back.
fn mended(samples: &[f32], mistake: &Mistake) -> Vec<f32> {
    let back = match mistake {
        Mistake::Order(order) => {
            let place = |lead: usize| order.iter().position(|l| *l == lead).unwrap();
            Mistake::Order(std::array::from_fn(place))
        }
        same => same.clone(),
    };
    mistaken(samples, &back)
}

#[test]
fn another_order_of_the_limb_leads_is_seen_and_what_is_named_would_mend_it() {
    let samples = recording(2934, 1.1);
    let (mut named, mut smaller) = (0, Vec::new());
    for order in orders() {
        let samples = mistaken(&samples, &order);
        assert_ne!(broken(&samples), Vec::<&str>::new(), "{order:?}");
        let found = explain(&samples).unwrap();
        assert!(
            broken(&mended(&samples, &found)).is_empty(),
            "{order:?} {found:?}"
        );
        if found == order {
            named += 1;
        } else {
            smaller.push(found);
        }
    }
    assert_eq!(named + smaller.len(), 720 - 1 - 15);
    // II for III and aVR for aVL are also arms exchanged, and then I inverted; likewise III, left arm and leg.
    smaller.sort_by_key(|mistake| format!("{mistake:?}"));
    assert_eq!(smaller, [0, 2].map(Mistake::Inverted));
}

#[test]
fn what_no_law_ties_is_not_seen() {
    let samples = recording(4096, 2.0);
    let chest = mistaken(&samples, &Mistake::Exchanged(6, 11));
    // Right arm for left arm: I is inverted, II and III, aVR and aVL change places.
    let mut arms = samples.clone();
    for row in arms.as_chunks_mut::<COUNT>().0 {
        row[0] = -row[0];
        row.swap(1, 2);
        row.swap(3, 4);
    }
    assert!(broken(&chest).is_empty() && broken(&arms).is_empty());
}

#[test]
fn a_lead_that_is_missing_or_of_another_gain_is_seen_and_not_explained_by_an_exchange() {
    for gain in [0.0, 0.5, 2.0] {
        let mut samples = recording(4096, 0.7);
        samples.iter_mut().skip(1).step_by(COUNT).for_each(|v| *v *= gain);
        assert_eq!(
            broken(&samples),
            ["einthoven", "goldberger_avr", "goldberger_avf"],
            "{gain}"
        );
        assert_eq!(explain(&samples), None, "{gain}");
    }
}

#[test]
fn an_offset_and_rounding_to_a_hundredth_of_a_millivolt_break_nothing() {
    let mut samples = recording(4096, 0.5);
    for row in samples.as_chunks_mut::<COUNT>().0 {
        row.iter_mut().for_each(|v| *v = (*v * 100.0).floor() / 100.0);
        row[3] += 0.7;
    }
    assert!(broken(&samples).is_empty());
    // A quiet recording too: a share of it alone would be less than rounding leaves.
    samples.iter_mut().for_each(|v| *v = (*v * 2.0).round() / 100.0);
    assert!(broken(&samples).is_empty());
}

#[test]
fn nothing_and_what_is_no_number_are_not_judged() {
    assert!(broken(&[]).is_empty());
    assert_eq!(explain(&[0.0; 24]), None);
    for value in [f32::NAN, f32::INFINITY, f32::MAX] {
        let mut samples = recording(100, 0.1);
        samples[5] = value;
        let _ = (broken(&samples), explain(&samples));
        assert!(!is_broken(f32::NAN, 1.0) && !is_broken(f32::INFINITY, 1.0));
    }
}

proptest! {
    #[test]
    fn leads_of_any_electrodes_keep_the_laws(
        potentials in prop::collection::vec(prop::array::uniform9(-3f32..3.0), 1..200),
    ) {
        let samples: Vec<f32> = potentials.into_iter().flat_map(leads_of).collect();
        prop_assert!(broken(&samples).is_empty());
    }

    #[test]
    fn deviations_are_those_of_the_samples_that_are_looked_at(
        values in prop::collection::vec(-5f32..5.0, 12..2400), offset in -100f32..100.0,
    ) {
        let mut samples = values[..values.len() / COUNT * COUNT].to_vec();
        samples.iter_mut().skip(4).step_by(COUNT).for_each(|v| *v += offset);
        let mean = quality::measure(&samples, COUNT).mean;
        let left = deviations(&samples, &mean);
        let rows: Vec<[f64; COUNT]> = samples.as_chunks::<COUNT>().0.iter().step_by(STRIDE)
            .map(|row| std::array::from_fn(|l| f64::from(row[l]) - f64::from(mean[l]))).collect();
        for (law, left) in LAWS.iter().zip(left) {
            let of = |row: &[f64; COUNT]| law.weights.iter().zip(row).map(|(w, v)| w * v).sum::<f64>();
            let exact = (rows.iter().map(|row| of(row).powi(2)).sum::<f64>() / rows.len() as f64).sqrt();
            prop_assert!((f64::from(left) - exact).abs() < 1e-3 * (1.0 + exact), "{left} {exact}");
        }
    }
}
