//! Properties of every split, whatever the records, fractions and seed.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_splits::{self as splits, OutOfPeriod, Params, Strategy as How};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

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
    let mut params = params(dir.path());
    params.segments = Some(dir.path().join("segmented.csv"));
    change(&mut params);
    run(&params).unwrap();
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

fn params(dir: &Path) -> Params {
    Params {
        records: dir.join("meta.csv"),
        segments: None,
        strategy: How::Random,
        fractions: vec![0.25, 0.25, 0.5],
        names: ["train", "valid", "test"].map(String::from).to_vec(),
        column: None,
        folds: BTreeMap::new(),
        seed: 42,
        group: "patient_id".into(),
        date: Some("day".into()),
        filter_cols: vec![],
        dataset_subset: vec![],
        keep_cols: vec![],
        out_of_period: OutOfPeriod::Keep,
    }
}

/// Runs the stage into the directory that the records are in.
fn run(params: &Params) -> ecgfm_splits::Result<Outcome> {
    let dir = params.records.parent().unwrap();
    let cancel = Cancel::default();
    let ctx = Context {
        out: dir,
        home: dir,
        progress: &NoProgress,
        cancel: &cancel,
        chunks: None,
    };
    splits::run(params, &ctx)
}

/// Splits records whose rows are a patient and a day; the split of each, and what was counted.
fn split_of(rows: &[(&str, &str)], strategy: How) -> ecgfm_splits::Result<(Vec<String>, Outcome)> {
    let dir = tempfile::tempdir().unwrap();
    let mut meta = "idx,save_file,patient_id,day\n".to_owned();
    for (i, (patient, day)) in rows.iter().enumerate() {
        writeln!(meta, "{i},e_{i}.mat,{patient},{day}").unwrap();
    }
    let mut params = params(dir.path());
    params.strategy = strategy;
    std::fs::write(&params.records, meta).unwrap();
    let outcome = run(&params)?;
    let text = std::fs::read_to_string(dir.path().join("meta_split.csv")).unwrap();
    let split = |line: &str| line.split(',').nth(2).unwrap().to_owned();
    Ok((text.lines().skip(1).map(split).collect(), outcome))
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
        let good: Vec<usize> = (0..exams.len()).filter(|i| !exams[*i].2).collect();
        prop_assume!(!good.is_empty());
        let filtered = assigned(&exams, |p| (p.seed, p.filter_cols) = (seed, vec!["bad".into()]));
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

#[test]
fn a_patient_written_in_several_ways_is_in_one_split() {
    let rows: Vec<(String, &str)> = (0..60)
        .map(|i| {
            let patient = i / 3;
            let text = match i % 3 {
                0 => patient.to_string(),
                1 => format!(" {patient} "),
                _ => format!("{patient}.0"),
            };
            (text, "1")
        })
        .collect();
    let rows: Vec<(&str, &str)> = rows
        .iter()
        .map(|(patient, day)| (patient.as_str(), *day))
        .collect();
    let (splits, outcome) = split_of(&rows, How::Grouped).unwrap();
    assert!(
        splits
            .chunks(3)
            .all(|of_one| of_one.iter().all(|s| *s == of_one[0])),
        "{splits:?}"
    );
    assert_eq!(
        outcome.counts["exams_train"], 15,
        "a quarter of the patients, not of the texts"
    );
    assert!(!outcome.counts.contains_key("exams_without_group"));
}

#[test]
fn exams_without_a_patient_are_split_one_by_one_and_counted() {
    // Were they one patient together, they would all be in one split.
    let mut rows = vec![("", "1"); 40];
    rows.extend([("7", "1"), ("7", "1"), (" ", "1")]);
    for strategy in [How::Grouped, How::GroupedTemporal] {
        let (splits, outcome) = split_of(&rows, strategy).unwrap();
        assert_eq!(splits.len(), rows.len());
        assert_eq!(outcome.counts["exams_without_group"], 41);
        let found: BTreeSet<&String> = splits[..40].iter().collect();
        assert_eq!(found.len(), 3, "{strategy:?}");
        assert_eq!(splits[40], splits[41]);
    }
}

#[test]
fn records_without_the_column_of_groups_cannot_be_split_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = params(dir.path());
    params.strategy = How::Grouped;
    std::fs::write(&params.records, "idx,save_file,day\n0,e_0.mat,1\n").unwrap();
    let message = run(&params).unwrap_err().to_string();
    assert!(
        message.contains("meta.csv") && message.contains("patient_id"),
        "{message}"
    );
}

#[test]
fn a_date_that_is_no_number_among_numbers_is_refused_by_name() {
    let mut rows = vec![("1", "9"), ("2", "10"), ("3", " 11 "), ("4", "2")];
    let (splits, _) = split_of(&rows, How::Temporal).unwrap();
    assert_eq!(splits, ["valid", "test", "test", "train"], "10 comes after 9");
    for (bad, shown) in [
        ("unknown", "`unknown`"),
        ("2019-04-30", "`2019-04-30`"),
        ("infinite", "`infinite`"),
    ] {
        rows[2].1 = bad;
        for strategy in [How::Temporal, How::GroupedTemporal] {
            let message = split_of(&rows, strategy).err().unwrap().to_string();
            let wanted = format!(
                "column `day` is {shown} for idx 2, which is no number, and `9` for idx 0, which is one"
            );
            assert!(
                message.contains("meta.csv: ") && message.contains(&wanted),
                "{message}"
            );
        }
    }
    rows[2].1 = "";
    let message = split_of(&rows, How::Temporal).err().unwrap().to_string();
    assert!(message.contains("column `day` is empty for idx 2"), "{message}");
    let dates = ["2019-04-30", "2018-12-31", "2020-01-01", "2019-05-01"].map(|day| ("1", day));
    let (splits, _) = split_of(&dates, How::Temporal).unwrap();
    assert_eq!(splits, ["valid", "train", "test", "test"]);
}

#[test]
fn the_tables_carry_the_columns_that_made_the_splits_each_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = params(dir.path());
    let meta = "idx,save_file,patient_id,day,age\n0,a.mat,7,2019,40\n1,b.mat,8,2020,50\n";
    std::fs::write(&params.records, meta).unwrap();
    params.segments = Some(dir.path().join("segmented.csv"));
    let segmented =
        "path,save_file,sample_size\nsegmented/a_0.mat,a.mat,2500\nsegmented/b_0.mat,b.mat,2500\n";
    std::fs::write(dir.path().join("segmented.csv"), segmented).unwrap();
    let header = |file: &str| {
        let text = std::fs::read_to_string(dir.path().join(file)).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    for (strategy, keep, carried) in [
        (How::Random, vec![], ""),
        (How::Grouped, vec!["age", "patient_id"], ",patient_id,age"),
        (How::Temporal, vec![], ",day"),
        (How::GroupedTemporal, vec!["day", "age"], ",patient_id,day,age"),
    ] {
        params.strategy = strategy;
        params.keep_cols = keep.into_iter().map(String::from).collect();
        run(&params).unwrap();
        assert_eq!(header("meta_split.csv"), format!("idx,save_file,split{carried}"));
        let expected = format!("idx,save_file,split{carried},path,sample_size");
        assert_eq!(header("segmented_split.csv"), expected);
    }
}

#[test]
fn a_patient_may_have_a_name_instead_of_a_number() {
    let patients = ["P1", "P2", "P1", "p-3", "P2", "Müller, A", "P1", "p-3"]
        .map(|p| if p.contains(',') { "\"Müller, A\"" } else { p });
    let rows: Vec<(&str, &str)> = patients.iter().map(|p| (*p, "1")).collect();
    let (split, outcome) = split_of(&rows, How::Grouped).unwrap();
    assert!(split[0] == split[2] && split[2] == split[6] && split[1] == split[4] && split[3] == split[7]);
    assert!(!outcome.counts.contains_key("exams_without_group"));
}
