//! What can be wrong with what a later stage reads: segments, manifests, models, logits, tables of this project's own.

use crate::archive::{found, judge};
use crate::common::{ecgfm, ok};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The sample pipeline on a few exams, run as far as `predict` reads. SYNTHETIC, demo model.
fn finished() -> &'static Path {
    static RUN: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, run) = RUN.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let mut command = ecgfm();
        command.args(["run", "code15", "--quiet", "--until", "infer", "--workdir"]);
        command.arg(dir.path());
        for setting in ["synth.exams=8", "splits.fractions=[0.2, 0.2, 0.6]"] {
            command.args(["--set", setting]);
        }
        ok(&mut command);
        let run = dir.path().join("code15/sample");
        (dir, run)
    });
    run
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Damages a copy of the run, runs a stage on it, and compares the outcome with the expectation.
fn meets(test: &str, kind: &str, with: &[&str], damage: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    for stage in ["signals", "manifests", "export", "infer"] {
        copy(&finished().join(stage), &dir.path().join(stage));
    }
    damage(dir.path());
    let mut command = ecgfm();
    command.args(["stage", kind, "--quiet", "--json", "--out"]);
    command.arg(dir.path().join("out"));
    for with in with {
        let with = with.replace("RUN", &dir.path().display().to_string());
        command.args(["--with", &with]);
    }
    judge(test, &found(&mut command, dir.path(), &dir.path().join("out")));
}

const INFER: [&str; 4] = [
    "manifest=RUN/manifests",
    "subset=test",
    "model=RUN/export/model.ts",
    "device=cpu",
];

fn infer(test: &str, damage: impl Fn(&Path)) {
    meets(test, "infer", &INFER, damage);
}

/// Changes the lines of a file below the run.
fn lines(run: &Path, file: &str, change: impl Fn(&mut Vec<String>)) {
    let path = run.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn manifest(test: &str, change: impl Fn(&mut Vec<String>)) {
    infer(test, |run| lines(run, "manifests/test.tsv", &change));
}

fn shortened(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() - 100]).unwrap();
}

#[test]
fn an_empty_manifest() {
    infer("an_empty_manifest", |run| {
        fs::write(run.join("manifests/test.tsv"), "").unwrap();
    });
}

#[test]
fn a_manifest_without_segments() {
    manifest("a_manifest_without_segments", |lines| lines.truncate(1));
}

#[test]
fn a_line_of_a_manifest_without_a_tab() {
    manifest("a_line_of_a_manifest_without_a_tab", |lines| {
        lines[2] = lines[2].replace('\t', " ");
    });
}

#[test]
fn a_path_that_leads_out_of_a_manifests_root() {
    manifest("a_path_that_leads_out_of_a_manifests_root", |lines| {
        lines[2].insert_str(0, "../../");
    });
}

#[test]
fn segments_of_two_lengths_in_a_manifest() {
    manifest("segments_of_two_lengths_in_a_manifest", |lines| {
        lines[2] = lines[2].replace("2500", "1234");
    });
}

#[test]
fn a_segment_twice_in_a_manifest() {
    manifest("a_segment_twice_in_a_manifest", |lines| {
        lines[2] = lines[1].clone()
    });
}

#[test]
fn a_segment_without_a_key() {
    manifest("a_segment_without_a_key", |lines| {
        lines.push("code_15_1_7\t2500".to_owned())
    });
}

#[test]
fn a_segment_that_is_not_in_the_store() {
    infer("a_segment_that_is_not_in_the_store", |run| {
        lines(run, "manifests/test.tsv", |lines| {
            lines.push("code_15_1_7\t2500".to_owned())
        });
        lines(run, "manifests/index.csv", |lines| {
            lines.push("code_15_1_7,1,code_15_1.mat,test".to_owned())
        });
    });
}

#[test]
fn a_split_that_is_not_there() {
    let with = INFER.map(|with| with.replace("subset=test", "subset=tset"));
    let with: Vec<&str> = with.iter().map(String::as_str).collect();
    meets("a_split_that_is_not_there", "infer", &with, |_| {});
}

#[test]
fn a_store_that_is_missing() {
    infer("a_store_that_is_missing", |run| {
        fs::remove_dir_all(run.join("signals/segments")).unwrap()
    });
}

#[test]
fn a_part_of_the_store_that_is_missing() {
    infer("a_part_of_the_store_that_is_missing", |run| {
        fs::remove_file(run.join("signals/segments/part-00000.npy")).unwrap();
    });
}

#[test]
fn a_part_of_the_store_cut_short() {
    infer("a_part_of_the_store_cut_short", |run| {
        shortened(&run.join("signals/segments/part-00000.npy"))
    });
}

#[test]
fn a_part_of_the_store_that_is_no_array() {
    infer("a_part_of_the_store_that_is_no_array", |run| {
        fs::write(run.join("signals/segments/part-00000.npy"), [7; 5000]).unwrap();
    });
}

#[test]
fn an_index_of_the_store_that_points_beyond_a_part() {
    infer("an_index_of_the_store_that_points_beyond_a_part", |run| {
        lines(run, "signals/segments/index.csv", |lines| {
            lines[1] = lines[1].replace(",0,0", ",0,999")
        });
    });
}

#[test]
fn a_segment_twice_in_the_index_of_the_store() {
    infer("a_segment_twice_in_the_index_of_the_store", |run| {
        lines(run, "signals/segments/index.csv", |lines| {
            let (first, _) = lines[1].split_once(',').unwrap();
            lines.push(format!("{first},0,2"));
        });
    });
}

/// Changes what the store says of its segments.
fn store(test: &str, from: &str, to: &str) {
    infer(test, |run| {
        let path = run.join("signals/segments.store.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    });
}

#[test]
fn segments_of_another_rate_than_the_models() {
    store(
        "segments_of_another_rate_than_the_models",
        "\"sample_rate\": 500",
        "\"sample_rate\": 250",
    );
}

#[test]
fn segments_that_are_not_standardised() {
    store(
        "segments_that_are_not_standardised",
        "\"standardized\": true",
        "\"standardized\": false",
    );
}

#[test]
fn a_store_that_says_something_unknown_of_its_segments() {
    store(
        "a_store_that_says_something_unknown_of_its_segments",
        "\"format_version\": 1",
        "\"format_version\": 7",
    );
}

#[test]
fn a_model_that_is_missing() {
    infer("a_model_that_is_missing", |run| {
        fs::remove_file(run.join("export/model.ts")).unwrap()
    });
}

#[test]
fn a_model_that_changed_after_its_export() {
    infer("a_model_that_changed_after_its_export", |run| {
        shortened(&run.join("export/model.ts"))
    });
}

#[test]
fn a_model_that_is_no_torchscript() {
    infer("a_model_that_is_no_torchscript", |run| {
        fs::remove_file(run.join("export/model.json")).unwrap();
        shortened(&run.join("export/model.ts"));
    });
}

const PREDICT: [&str; 3] = ["logits=RUN/infer", "subset=test", "labels=physionet2021"];

#[test]
fn logits_cut_short() {
    meets("logits_cut_short", "predict", &PREDICT, |run| {
        shortened(&run.join("infer/outputs_test.npy"))
    });
}

#[test]
fn an_index_of_logits_that_lacks_a_row() {
    meets(
        "an_index_of_logits_that_lacks_a_row",
        "predict",
        &PREDICT,
        |run| {
            lines(run, "infer/outputs_test_index.csv", |lines| drop(lines.remove(2)));
        },
    );
}

const LABELS: [&str; 1] = ["records=RUN/signals/meta.csv"];

#[test]
fn a_table_without_a_label() {
    meets("a_table_without_a_label", "labels", &LABELS, |run| {
        lines(run, "signals/meta.csv", |lines| {
            lines[0] = lines[0].replace(",AF,", ",A,")
        });
    });
}

#[test]
fn a_label_that_is_neither_true_nor_false() {
    meets(
        "a_label_that_is_neither_true_nor_false",
        "labels",
        &LABELS,
        |run| {
            lines(run, "signals/meta.csv", |lines| {
                lines[2] = lines[2].replacen("False", "perhaps", 1)
            });
        },
    );
}

/// Parameters that make no sense are refused before anything is read.
fn refused(test: &str, kind: &str, with: &[&str]) {
    meets(test, kind, with, |_| {});
}

#[test]
fn parameters_of_thresholds_of_which_one_would_be_ignored() {
    let with = [
        "logits=RUN/infer",
        "labels=physionet2021",
        "thresholds=RUN/thresholds.csv",
        "choose_on=RUN/valid",
    ];
    refused(
        "parameters_of_thresholds_of_which_one_would_be_ignored",
        "predict",
        &with,
    );
}

#[test]
fn thresholds_that_evaluate_cannot_decide() {
    for with in [
        "threshold=0.3",
        "thresholds=RUN/t.csv",
        "choose_on=RUN/valid",
        "choose_by=youden",
    ] {
        let with = ["predictions=RUN/predict", "labels=RUN/labels.csv", with];
        refused("thresholds_that_evaluate_cannot_decide", "evaluate", &with);
    }
}

#[test]
fn a_criterion_without_predictions_to_choose_on() {
    let with = ["logits=RUN/infer", "labels=physionet2021", "choose_by=max_f1"];
    refused("a_criterion_without_predictions_to_choose_on", "predict", &with);
}

#[test]
fn a_scale_that_nothing_can_be_drawn_by() {
    for with in ["sample_rate=0", "sample_rate=-5", "units_per_mv=0"] {
        refused(
            "a_scale_that_nothing_can_be_drawn_by",
            "report",
            &["metrics=RUN/evaluate", with],
        );
    }
}

const SPLITS: [&str; 3] = [
    "records=RUN/signals/meta.csv",
    "fractions=[0.5, 0.5]",
    "names=[a, b]",
];

#[test]
fn a_date_that_is_no_number_among_numbers() {
    let with = [&SPLITS[..], &["strategy=temporal", "date=age"]].concat();
    meets("a_date_that_is_no_number_among_numbers", "splits", &with, |run| {
        lines(run, "signals/meta.csv", |lines| {
            let mut cells: Vec<&str> = lines[3].split(',').collect();
            cells[2] = "2019-04-30";
            lines[3] = cells.join(",");
        });
    });
}

#[test]
fn a_segment_of_no_record() {
    let with = [
        "records=RUN/signals/meta.csv",
        "segments=RUN/signals/segmented.csv",
        "fractions=[0.5, 0.5]",
        "names=[a, b]",
    ];
    meets("a_segment_of_no_record", "splits", &with, |run| {
        lines(run, "signals/meta.csv", |lines| drop(lines.remove(2)));
    });
}
