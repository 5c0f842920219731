//! The stage on small tables.

use super::*;
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};

fn run_on(meta: &str, splits: Option<&str>) -> (tempfile::TempDir, Result<Outcome>) {
    run_with(meta, splits, MissingLabel::default())
}

fn run_with(
    meta: &str,
    splits: Option<&str>,
    missing_label: MissingLabel,
) -> (tempfile::TempDir, Result<Outcome>) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("meta.csv"), meta).unwrap();
    std::fs::write(
        dir.path().join("set.yaml"),
        "name: s\ntitle: s\nlabels: [{name: A, title: a}, {name: B, title: b}]\n",
    )
    .unwrap();
    let splits = splits.map(|text| {
        let path = dir.path().join("meta_split.csv");
        std::fs::write(&path, text).unwrap();
        path
    });
    let label_set = dir.path().join("set.yaml").display().to_string();
    let params = Params {
        records: dir.path().join("meta.csv"),
        label_set,
        from: TruthOrigin::default(),
        by_source: std::collections::BTreeMap::new(),
        splits,
        missing_label,
    };
    let cancel = Cancel::default();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &cancel,
        chunks: None,
    };
    let outcome = run(&params, &ctx);
    (dir, outcome)
}

#[test]
fn labels_are_sorted_by_idx_and_weights_are_those_of_the_training_split() {
    let meta = "idx,save_file,B,A\n3,d.mat,True,False\n0,a.mat,False,True\n1,b.mat,False,True\n";
    let splits = "idx,save_file,split\n0,a.mat,train\n1,b.mat,test\n3,d.mat,train\n";
    let (dir, outcome) = run_on(meta, Some(splits));
    assert_eq!(outcome.unwrap().counts["exams"], 3);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(
        read("labels.csv"),
        "idx,A,B\n0,True,False\n1,True,False\n3,False,True\n"
    );
    assert_eq!(read("pos_weight.txt"), "[1.000000,1.000000]");
    assert_eq!(
        read("label_def.csv").lines().next().unwrap(),
        "name,pos_count_test,pos_count_train,pos_percent_test,pos_percent_train,pos_weight_test,pos_weight_train,\
         pos_count_all,pos_percent_all"
    );
    let y = ecgfm_artifacts::formats::npy::NpyReader::open(&dir.path().join("y.npy")).unwrap();
    assert_eq!(y.header().shape, [4, 2]);
    assert_eq!(
        y.read_all::<f64>().unwrap(),
        [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    );
}

#[test]
fn all_counts_the_exams_of_the_splits_and_every_exam_without_splits() {
    let meta = "idx,save_file,A,B\n0,a.mat,True,False\n1,b.mat,False,False\n2,c.mat,True,True\n";
    let last_line = |splits| {
        let (dir, outcome) = run_on(meta, splits);
        outcome.unwrap();
        let text = std::fs::read_to_string(dir.path().join("label_def.csv")).unwrap();
        text.lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(last_line(None), "A,2,0.6666666666666666");
    let splits = "idx,save_file,split\n0,a.mat,test\n1,b.mat,test\n";
    assert_eq!(last_line(Some(splits)), "A,1,0.5,1.0,1,0.5");
}

#[test]
fn a_missing_label_leaves_the_exam_out_of_that_label_or_is_none_or_an_error() {
    let meta = "idx,save_file,A,B\n0,a.mat,True,\n1,b.mat,,False\n2,c.mat,False,True\n3,d.mat,False,\n";
    let (dir, outcome) = run_with(meta, None, MissingLabel::Exclude);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.counts["labels_unknown"], 3);
    assert_eq!(
        outcome.facts["exams_without_label"],
        serde_json::json!({ "A": 1, "B": 2 })
    );
    let read = |dir: &tempfile::TempDir, name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(
        read(&dir, "labels.csv"),
        "idx,A,B\n0,True,\n1,,False\n2,False,True\n3,False,\n"
    );
    assert_eq!(
        read(&dir, "label_def.csv").lines().skip(1).collect::<Vec<_>>(),
        ["A,1,0.3333333333333333", "B,1,0.5"]
    );
    assert_eq!(read(&dir, "pos_weight.txt"), "[2.000000,1.000000]");
    let y = |dir: &tempfile::TempDir| {
        let y = ecgfm_artifacts::formats::npy::NpyReader::open(&dir.path().join("y.npy")).unwrap();
        y.read_all::<f64>().unwrap()
    };
    let bits = |values: &[f64]| values.iter().map(|v| v.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(bits(&y(&dir)), "1 NaN NaN 0 0 1 0 NaN");
    let (dir, outcome) = run_with(meta, None, MissingLabel::Negative);
    assert!(!outcome.unwrap().counts.contains_key("labels_unknown"));
    assert_eq!(
        read(&dir, "labels.csv"),
        "idx,A,B\n0,True,False\n1,False,False\n2,False,True\n3,False,False\n"
    );
    assert_eq!(bits(&y(&dir)), "1 0 0 0 0 1 0 0");
    let (_dir, outcome) = run_with(meta, None, MissingLabel::Error);
    let message = outcome.unwrap_err().to_string();
    assert!(
        message.contains("exam idx 1 has no truth of `A`, and 1 of 4 exams have none"),
        "{message}"
    );
}

#[test]
fn an_exam_that_stands_twice_or_a_missing_label_is_an_error() {
    let (_dir, twice) = run_on("idx,save_file,A,B\n0,a.mat,True,False\n0,a.mat,True,True\n", None);
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .ends_with("idx 0 is in more than one row")
    );
    let (_dir, missing) = run_on("idx,save_file,A\n0,a.mat,True\n", None);
    assert!(missing.unwrap_err().to_string().contains("no column `B`"));
}

/// Messages of a stage.
#[derive(Default)]
struct Notes(std::sync::Mutex<Vec<String>>);

impl ecgfm_artifacts::stage::Progress for Notes {
    fn begin(&self, _total: u64, _unit: &'static str) {}
    fn advance(&self, _n: u64) {}
    fn note(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

/// Runs the stage on a table whose column `said` holds the truth: `labels.csv`, what was counted, and the messages.
fn run_from(
    meta: &str,
    label_set: &str,
    from: TruthOrigin,
    missing_label: MissingLabel,
) -> Result<(String, Outcome, Vec<String>)> {
    let dir = tempfile::tempdir().unwrap();
    let records = dir.path().join("meta.csv");
    std::fs::write(&records, meta).unwrap();
    let params = Params {
        records,
        label_set: label_set.to_owned(),
        from,
        by_source: std::collections::BTreeMap::new(),
        splits: None,
        missing_label,
    };
    let notes = Notes::default();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &notes,
        cancel: &Cancel::default(),
        chunks: None,
    };
    let outcome = run(&params, &ctx)?;
    let table = std::fs::read_to_string(dir.path().join("labels.csv")).unwrap();
    Ok((table, outcome, notes.0.into_inner().unwrap()))
}

fn scp_codes() -> TruthOrigin {
    TruthOrigin {
        scp_codes: Some("said".into()),
        likelihood: Some(50.0),
        ..TruthOrigin::default()
    }
}

#[test]
fn one_column_gives_all_labels_and_what_no_label_has_is_counted_and_told() {
    let meta = "idx,save_file,said\n1,b.mat,\n0,a.mat,\"{'NORM': 100.0, 'SR': 0.0}\"\n2,c.mat,\"{'IMI': 35.0, 'LVH': 80}\"\n";
    let (table, outcome, notes) =
        run_from(meta, "ptbxl_superclasses", scp_codes(), MissingLabel::Exclude).unwrap();
    let expected =
        "idx,NORM,MI,STTC,CD,HYP\n0,True,False,False,False,False\n1,,,,,\n2,False,False,False,False,True\n";
    assert_eq!(table, expected);
    let count = |name: &str| outcome.counts[name];
    assert_eq!(
        (
            count("exams"),
            count("labels_unknown"),
            count("exams_without_truth")
        ),
        (3, 5, 1)
    );
    assert_eq!(
        (
            count("statements_unknown"),
            count("exams_with_unknown_statements")
        ),
        (1, 1)
    );
    assert_eq!(
        outcome.facts["unknown_statements"],
        serde_json::json!({ "SR": 1 })
    );
    assert_eq!(
        notes,
        [
            "column `said` says nothing about 1 of 3 exams; they are left out of every label (`missing_label: negative` takes \
             them as exams without any)",
            "column `said`: 1 of 3 exams have statements that belong to no label of the set: `SR` (1)"
        ]
    );
    let (table, ..) = run_from(meta, "ptbxl_superclasses", scp_codes(), MissingLabel::Negative).unwrap();
    assert!(table.contains("\n1,False,False,False,False,False\n"), "{table}");
    let refused = run_from(meta, "ptbxl_superclasses", scp_codes(), MissingLabel::Error)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("exam idx 1 has no truth of `NORM`"), "{refused}");
}

#[test]
fn a_cell_that_is_no_dictionary_ends_the_stage_with_its_line() {
    let meta = "idx,save_file,said\n0,a.mat,{'NORM': 100.0}\n1,b.mat,NORM\n";
    let refused = run_from(meta, "ptbxl_superclasses", scp_codes(), MissingLabel::Exclude)
        .unwrap_err()
        .to_string();
    assert!(
        refused.ends_with(
            "meta.csv: line 3, column `said`: `NORM` is not a dictionary of statements and likelihoods, {'NORM': 100.0}: it is \
             not between { and }"
        ),
        "{refused}"
    );
}

#[test]
fn a_label_that_nothing_could_make_true_is_refused() {
    let meta = "idx,save_file,said\n0,a.mat,1\n";
    let of = |origin: TruthOrigin, set: &str| {
        run_from(meta, set, origin, MissingLabel::Exclude)
            .unwrap_err()
            .to_string()
    };
    let codes = TruthOrigin {
        codes: Some("said".into()),
        ..TruthOrigin::default()
    };
    let message = of(codes, "ptbxl_superclasses");
    assert!(
        message.contains("`from.codes`") && message.contains("no `snomed` codes for `NORM`, `MI`"),
        "{message}"
    );
    let message = of(scp_codes(), "physionet2021");
    assert!(
        message.contains("there are no `scp` statements for `AF`"),
        "{message}"
    );
    let text = TruthOrigin {
        text: Some("said".into()),
        rules: Some("mimic_iv_ecg".into()),
        ..TruthOrigin::default()
    };
    let message = of(text, "physionet2021");
    assert!(
        message.contains("there are no rules in `mimic_iv_ecg` for `AF`"),
        "{message}"
    );
}
