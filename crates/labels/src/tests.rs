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
        splits,
        missing_label,
    };
    let cancel = Cancel::default();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &cancel,
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
