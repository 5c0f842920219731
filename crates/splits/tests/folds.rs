//! Splits by a published column of folds.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

use ecgfm_artifacts::stage::{Cancel, Context, NoProgress};
use ecgfm_splits::{Fold, OutOfPeriod, Params, Strategy};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Parameters for PTB-XL's folds: 1 and 2 train, `b` and 3 test.
fn params(dir: &Path) -> Params {
    let folds = BTreeMap::from([
        ("train".to_owned(), vec![Fold::Number(1), Fold::Text("2".into())]),
        ("test".to_owned(), vec![Fold::Text("b".into()), Fold::Number(3)]),
    ]);
    Params {
        records: dir.join("meta.csv"),
        segments: None,
        strategy: Strategy::Column,
        fractions: vec![],
        names: vec![],
        column: Some("fold".into()),
        folds,
        seed: 0,
        group: "patient_id".into(),
        date: None,
        filter_cols: vec![],
        dataset_subset: vec![],
        keep_cols: vec![],
        out_of_period: OutOfPeriod::Keep,
    }
}

#[test]
fn published_folds_make_the_splits_and_an_exam_of_no_named_fold_is_left_out_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let folds = ["1", "2.0", " 3", "b", "", "7", "NaN", "7", "1"];
    let mut meta = "idx,save_file,fold\n".to_owned();
    for (i, fold) in folds.iter().enumerate() {
        writeln!(meta, "{i},e_{i}.mat,{fold}").unwrap();
    }
    let params = params(dir.path());
    std::fs::write(&params.records, meta).unwrap();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &Cancel::default(),
        chunks: None,
    };
    let outcome = ecgfm_splits::run(&params, &ctx).unwrap();
    let text = std::fs::read_to_string(dir.path().join("meta_split.csv")).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(
        rows,
        [
            "idx,save_file,split,fold",
            "0,e_0.mat,train,1",
            "1,e_1.mat,train,2.0",
            "2,e_2.mat,test, 3",
            "3,e_3.mat,test,b",
            "8,e_8.mat,train,1"
        ]
    );
    let count = |name: &str| outcome.counts[name];
    assert_eq!(
        (count("kept"), count("exams_train"), count("exams_test")),
        (5, 3, 2)
    );
    assert_eq!(
        (count("exams_of_other_folds"), count("exams_without_fold")),
        (2, 2)
    );
    assert_eq!(outcome.facts["folds_left_out"], serde_json::json!({ "7": 2 }));
    assert!(!outcome.facts.contains_key("seed"));
}

#[test]
fn parameters_that_contradict_each_other_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut Params)| {
        let mut params = params(dir.path());
        change(&mut params);
        params
            .check()
            .map_or_else(|error| error.to_string(), |()| "accepted".to_owned())
    };
    assert_eq!(refused(&|_| {}), "accepted");
    for (change, says) in [
        (
            &(|p: &mut Params| p.fractions = vec![1.0]) as &dyn Fn(&mut Params),
            "`fractions` contradicts",
        ),
        (
            &|p: &mut Params| p.names = vec!["train".into()],
            "`names` contradicts",
        ),
        (&|p: &mut Params| p.column = None, "`column` is needed"),
        (&|p: &mut Params| p.folds.clear(), "`folds` is needed"),
        (
            &|p: &mut Params| drop(p.folds.insert("valid".into(), vec![])),
            "names no fold of `valid`",
        ),
        (
            &|p: &mut Params| drop(p.folds.insert("valid".into(), vec![Fold::Text("2.0".into())])),
            "names fold 2 for `train` and for `valid`",
        ),
        (
            &|p: &mut Params| drop(p.folds.insert("a b".into(), vec![Fold::Number(4)])),
            "`folds` holds `a b`",
        ),
        (
            &|p: &mut Params| p.strategy = Strategy::Random,
            "`column` is for `strategy: column` only",
        ),
        (
            &|p: &mut Params| {
                p.strategy = Strategy::Grouped;
                p.column = None;
                p.folds.clear();
            },
            "`fractions` is needed",
        ),
    ] {
        let message = refused(change);
        assert!(message.contains(says), "{message}");
    }
}
