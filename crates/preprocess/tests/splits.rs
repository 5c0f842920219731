//! What must hold of every split, whatever the records, fractions and seed.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

use ecgfm_artifacts::stage::{Cancel, Context, NoProgress};
use ecgfm_preprocess::splits::{self, OutOfPeriod, Params, Strategy as How};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// An exam: its patient, its date, whether a filter column is true.
type Exam = (u8, u16, bool);

/// One row of `meta_split.csv`, and the segments that followed it.
#[derive(Debug, Clone, PartialEq)]
struct Assigned {
    idx: usize,
    split: String,
    segments: usize,
}

fn assigned(exams: &[Exam], change: impl FnOnce(&mut Params)) -> Vec<Assigned> {
    let dir = tempfile::tempdir().unwrap();
    let mut meta = "idx,save_file,patient_id,day,bad\n".to_owned();
    let mut segmented = "path,save_file,sample_size\n".to_owned();
    for (i, (patient, day, bad)) in exams.iter().enumerate() {
        writeln!(
            meta,
            "{i},e_{i}.mat,{patient},{day},{}",
            if *bad { "True" } else { "False" }
        )
        .unwrap();
        for s in 0..i % 3 {
            writeln!(segmented, "signals/segments/e_{i}_{s},e_{i}.mat,2500").unwrap();
        }
    }
    std::fs::write(dir.path().join("meta.csv"), meta).unwrap();
    std::fs::write(dir.path().join("segmented.csv"), segmented).unwrap();
    let mut params = Params {
        records: dir.path().join("meta.csv"),
        segments: Some(dir.path().join("segmented.csv")),
        strategy: How::Random,
        fractions: vec![0.25, 0.25, 0.5],
        names: ["train", "valid", "test"].map(String::from).to_vec(),
        seed: 42,
        group: "patient_id".into(),
        date: Some("day".into()),
        filter_cols: vec![],
        dataset_subset: vec![],
        keep_cols: vec![],
        out_of_period: OutOfPeriod::Keep,
    };
    change(&mut params);
    let cancel = Cancel::default();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &cancel,
    };
    splits::run(&params, &ctx).unwrap();
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    let segments = read("segmented_split.csv");
    let rows = read("meta_split.csv");
    let rows = rows.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let prefix = format!("{},{},{},", cells[0], cells[1], cells[2]);
        let segments = segments.lines().filter(|l| l.starts_with(&prefix)).count();
        Assigned {
            idx: cells[0].parse().unwrap(),
            split: cells[2].to_owned(),
            segments,
        }
    });
    rows.collect()
}

fn sizes(assigned: &[Assigned]) -> BTreeMap<&str, usize> {
    let mut sizes = BTreeMap::new();
    assigned
        .iter()
        .for_each(|a| *sizes.entry(a.split.as_str()).or_insert(0) += 1);
    sizes
}

fn some_exams() -> impl Strategy<Value = Vec<Exam>> {
    prop::collection::vec((0u8..12, 0u16..300, any::<bool>()), 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_exam_is_in_one_split_with_all_its_segments(exams in some_exams(), seed: u64) {
        for strategy in [How::Random, How::Grouped, How::Temporal, How::GroupedTemporal] {
            let found = assigned(&exams, |p| (p.strategy, p.seed) = (strategy, seed));
            let idx: Vec<usize> = found.iter().map(|a| a.idx).collect();
            prop_assert_eq!(idx, (0..exams.len()).collect::<Vec<_>>(), "in the records' order");
            prop_assert!(found.iter().all(|a| a.segments == a.idx % 3));
        }
    }

    #[test]
    fn random_and_temporal_splits_have_the_sizes_asked_for(exams in some_exams(), seed: u64) {
        let n = exams.len() as f64;
        let (a, b) = ((0.25 * n).round_ties_even() as usize, (0.5 * n).round_ties_even() as usize);
        for strategy in [How::Random, How::Temporal] {
            let found = assigned(&exams, |p| (p.strategy, p.seed) = (strategy, seed));
            let sizes = sizes(&found);
            let size = |name| sizes.get(name).copied().unwrap_or(0);
            prop_assert_eq!((size("train"), size("valid"), size("test")), (a, b - a, exams.len() - b));
        }
    }

    #[test]
    fn a_patient_is_in_one_split_and_fractions_are_of_patients(exams in some_exams(), seed: u64) {
        for strategy in [How::Grouped, How::GroupedTemporal] {
            let found = assigned(&exams, |p| (p.strategy, p.seed) = (strategy, seed));
            let mut of_patient: BTreeMap<u8, BTreeSet<&str>> = BTreeMap::new();
            for a in &found {
                of_patient.entry(exams[a.idx].0).or_default().insert(&a.split);
            }
            prop_assert!(of_patient.values().all(|splits| splits.len() == 1));
            if strategy == How::Grouped {
                let train = of_patient.values().filter(|s| s.contains("train")).count();
                prop_assert_eq!(train, (0.25 * of_patient.len() as f64).round_ties_even() as usize);
            }
        }
    }

    #[test]
    fn an_earlier_split_holds_no_later_exam(exams in some_exams()) {
        let found = assigned(&exams, |p| p.strategy = How::Temporal);
        let days = |name: &str| -> Vec<u16> {
            found.iter().filter(|a| a.split == name).map(|a| exams[a.idx].1).collect()
        };
        for (earlier, later) in [("train", "valid"), ("valid", "test"), ("train", "test")] {
            if let (Some(last), Some(first)) = (days(earlier).iter().max(), days(later).iter().min()) {
                prop_assert!(last <= first);
            }
        }
    }

    #[test]
    fn filtered_exams_are_in_no_split_and_move_no_other(exams in some_exams(), seed: u64) {
        let filtered = assigned(&exams, |p| (p.seed, p.filter_cols) = (seed, vec!["bad".into()]));
        let good: Vec<usize> = (0..exams.len()).filter(|i| !exams[*i].2).collect();
        prop_assert_eq!(filtered.iter().map(|a| a.idx).collect::<Vec<_>>(), good.clone());
        let alone: Vec<Exam> = good.iter().map(|i| exams[*i]).collect();
        let splits = |found: &[Assigned]| found.iter().map(|a| a.split.clone()).collect::<Vec<_>>();
        prop_assert_eq!(splits(&filtered), splits(&assigned(&alone, |p| p.seed = seed)));
    }
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let exams: Vec<Exam> = (0..40).map(|i| (i, u16::from(i), false)).collect();
    let with = |seed| assigned(&exams, |p| p.seed = seed);
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}
