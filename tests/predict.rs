//! `ecgfm predict` gives what a run gives, by the names of the user's files.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;
#[path = "common/predictions.rs"]
mod predictions;

use common::{ecgfm, ok, root};
use predictions::{agree, exam, read, sorted};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A synthetic archive of two parts in which one exam is too short and one has a NaN, the demo model, and a run of both.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn get() -> &'static Self {
        static BENCH: OnceLock<Bench> = OnceLock::new();
        BENCH.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            let bench = Self { dir };
            ok(ecgfm()
                .args(["synth", "--quiet", "--exams", "12", "--exams-per-part", "6"])
                .args(["--faults", "{short_recording: 1, nan: 1}", "--out"])
                .arg(bench.path("raw")));
            let run = |set: &[&str]| {
                let mut command = ecgfm();
                command.args(["run", "code15", "--quiet", "--profile", "full"]);
                command.args(["--set", &format!("vars.raw={}", bench.path("raw").display())]);
                command.args(["--set", "vars.checkpoint=models/demo/demo.pt"]);
                command.args(["--set", "splits.fractions=[0, 0, 1]"]).args(set);
                command.arg("--workdir").arg(bench.path("runs"));
                ok(&mut command);
            };
            run(&["--set", "signals.store=mat"]);
            bench
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run_dir(&self) -> PathBuf {
        self.path("runs/code15/full")
    }

    fn model(&self) -> PathBuf {
        self.run_dir().join("export/model.ts")
    }

    /// `ecgfm predict` of a file by the run's model.
    fn predict(&self, file: &Path) -> std::process::Command {
        let mut command = ecgfm();
        command.arg("predict").arg(file).arg("--model").arg(self.model());
        command
    }

    /// Probabilities of every ECG of the run, by exam, as the table has them.
    fn expected(&self) -> BTreeMap<String, Vec<String>> {
        let text = fs::read_to_string(self.run_dir().join("predict/ecg.csv")).unwrap();
        let rows = text.lines().skip(1).map(|line| {
            let mut cells = line.split(',').map(str::to_owned);
            let (_, save_file, _) = (cells.next(), cells.next().unwrap(), cells.next());
            (exam(&save_file), cells.take(26).collect())
        });
        rows.collect()
    }
}

#[test]
fn recordings_and_segments_get_the_probabilities_that_a_run_gives_them() {
    let bench = Bench::get();
    let expected = bench.expected();
    assert_eq!(expected.len(), 10, "two of twelve are set aside");
    let parts = sorted(&bench.path("raw"), ".hdf5");
    let segments = sorted(&bench.run_dir().join("signals/segmented"), ".mat");
    for files in [&parts, &segments] {
        let output = ecgfm()
            .arg("predict")
            .args(files)
            .arg("--model")
            .arg(bench.model())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        assert!(
            told.contains("SYNTHETIC") && told.contains("DEMO MODEL"),
            "{told}"
        );
        let found = read(&String::from_utf8(output.stdout).unwrap(), 26);
        assert_eq!(found.len(), expected.len());
        for (file, ecg, probabilities) in found {
            assert!(files.contains(&file), "{}", file.display());
            let expected = &expected[&exam(&ecg)];
            assert!(
                agree(&probabilities, expected),
                "{ecg}: {probabilities:?} {expected:?}"
            );
        }
        assert_eq!(
            told.matches("set aside: ").count(),
            if files == &parts { 2 } else { 0 },
            "{told}"
        );
    }
}

#[test]
fn results_of_synthetic_ecgs_and_of_the_demo_model_say_so_though_the_pipeline_does_not() {
    let bench = Bench::get();
    let read = |name: &str| fs::read_to_string(bench.run_dir().join(name)).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&read("evaluate/metrics.json")).unwrap();
    let notice = metrics["notice"].as_str().unwrap();
    assert!(
        notice.contains("SYNTHETIC") && notice.contains("DEMO MODEL"),
        "{notice}"
    );
    assert!(read("report/report.html").contains("SYNTHETIC"));
    for entry in fs::read_dir(bench.run_dir().join("report/plots")).unwrap() {
        let path = entry.unwrap().path();
        let figure = fs::read_to_string(&path).unwrap();
        assert!(figure.contains("SYNTHETIC"), "{}", path.display());
    }
}

#[test]
fn json_has_numbers_labels_and_what_was_set_aside_and_why() {
    let bench = Bench::get();
    let rejected = fs::read_to_string(bench.run_dir().join("signals/rejected.csv")).unwrap();
    let (bad, _) = rejected.lines().nth(1).unwrap().split_once(',').unwrap();
    let good = bench.expected().into_keys().next().unwrap();
    let told = ok(ecgfm()
        .arg("predict")
        .args(sorted(&bench.path("raw"), ".hdf5"))
        .arg("--model")
        .arg(bench.model())
        .args(["--json", "--threshold", "0", "--ecg", &good, "--ecg", bad]));
    let found: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(found["ecgs"].as_array().unwrap().len(), 1, "{told}");
    let ecg = &found["ecgs"][0];
    assert_eq!(ecg["ecg"], good);
    let probability = ecg["probabilities"]["AF"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&probability));
    assert_eq!(ecg["labels"].as_array().unwrap().len(), 26, "all are above 0");
    assert_eq!(found["rejected"][0]["ecg"], bad);
    assert!(
        found["rejected"][0]["file"]
            .as_str()
            .unwrap()
            .contains("raw/exams_part")
    );
    assert!(!found["rejected"][0]["why"].as_str().unwrap().is_empty());
}

#[test]
fn files_that_cannot_be_predicted_are_named_as_the_user_named_them() {
    let bench = Bench::get();
    let part = sorted(&bench.path("raw"), ".hdf5").remove(0);
    let org = sorted(&bench.run_dir().join("signals/org"), ".mat").remove(0);
    let note = bench.path("note.txt");
    fs::write(&note, "hello").unwrap();
    let cut = bench.path("cut.hdf5");
    let bytes = fs::read(&part).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let whole = sorted(&bench.run_dir().join("signals/preprocessed"), ".mat").remove(0);
    let bare = bench.path("bare.ts");
    fs::copy(bench.model(), &bare).unwrap();
    let model = bench.model();
    let refused = |file: &Path, model: &Path, more: &[&str], code: i32, words: &[&str]| {
        let mut command = ecgfm();
        command
            .arg("predict")
            .arg(file)
            .arg("--model")
            .arg(model)
            .args(more);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{told}");
        for word in words {
            assert!(told.contains(word), "{word} in {told}");
        }
        assert!(
            output.stdout.is_empty() && !told.contains("exams_part0.hdf5/"),
            "{told}"
        );
    };
    refused(&note, &model, &[], 3, &["note.txt", ".hdf5"]);
    refused(&cut, &model, &[], 3, &["cut.hdf5", "cut short"]);
    refused(&part, &model, &["--ecg", "-5"], 3, &["no exam -5"]);
    refused(&org, &model, &[], 3, &["400 samples a second", "segmented/"]);
    refused(&whole, &model, &[], 3, &["no `segment_i`", "segmented/"]);
    refused(
        &bench.path("segmented/none_0.mat"),
        &model,
        &[],
        3,
        &["none_0.mat"],
    );
    refused(&part, &bare, &[], 2, &["--labels physionet2021"]);
    refused(&part, &model, &["--labels", "code15"], 2, &["label"]);
    refused(
        &part,
        &bench.path("none.ts"),
        &["--labels", "physionet2021"],
        3,
        &["none.ts"],
    );
    assert!(root().join("models/demo/demo.pt").exists());
}

#[test]
fn segments_without_a_finite_answer_are_set_aside_and_stores_must_be_alike() {
    let bench = Bench::get();
    let Some(mut python) = common::python() else {
        return;
    };
    let segments = sorted(&bench.run_dir().join("signals/segmented"), ".mat");
    let copies = bench.path("copies");
    fs::create_dir(&copies).unwrap();
    let script = "import sys, numpy as np, scipy.io as s\n\
                  m = {k: v for k, v in s.loadmat(sys.argv[1]).items() if k[0] != '_'}\n\
                  m['feats'] = np.where(np.arange(m['feats'].shape[1]) == 7, np.nan, m['feats'])\n\
                  s.savemat(sys.argv[2], m)";
    let spoilt = copies.join("bad_0.mat");
    ok(python.args(["-c", script]).arg(&segments[0]).arg(&spoilt));
    let said = fs::read_to_string(bench.run_dir().join("signals/segmented.store.json")).unwrap();
    fs::write(bench.path("copies.store.json"), &said).unwrap();
    let mut predict = ecgfm();
    predict
        .arg("predict")
        .arg(&spoilt)
        .arg(&segments[0])
        .arg("--model")
        .arg(bench.model())
        .arg("--json");
    let found: serde_json::Value = serde_json::from_str(&ok(&mut predict)).unwrap();
    assert_eq!(found["ecgs"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["rejected"][0]["file"], spoilt.to_str().unwrap());
    assert_eq!(found["rejected"][0]["ecg"], "bad");
    assert!(
        found["rejected"][0]["why"]
            .as_str()
            .unwrap()
            .contains("segment bad_0")
    );
    // What is said of one store does not hold for another.
    let other = said.replace("\"standardized\": true", "\"standardized\": false");
    fs::write(bench.path("copies.store.json"), other).unwrap();
    let output = predict.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("were prepared differently"), "{told}");
}

#[test]
fn an_exam_number_that_two_archives_have_is_two_ecgs_and_files_of_which_nothing_can_be_used_stop_no_others() {
    let bench = Bench::get();
    let expected = bench.expected();
    let part = sorted(&bench.path("raw"), ".hdf5").remove(0);
    let twin = bench.path("twin ${x} ä.hdf5");
    fs::copy(&part, &twin).unwrap();
    let rejected = fs::read_to_string(bench.run_dir().join("signals/rejected.csv")).unwrap();
    let (bad, _) = rejected.lines().nth(1).unwrap().split_once(',').unwrap();
    let inspected = ok(ecgfm().args(["inspect", "--json"]).arg(&part));
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    let ids = inspected["first_exam_ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string);
    let good = ids.into_iter().find(|id| expected.contains_key(id)).unwrap();
    let predict = |files: &[&Path], ids: &[&str], more: &[&str]| {
        let mut command = ecgfm();
        command
            .arg("predict")
            .args(files)
            .arg("--model")
            .arg(bench.model())
            .args(more);
        for id in ids {
            command.args(["--ecg", id]);
        }
        command.output().unwrap()
    };
    let output = predict(&[&part, &twin], &[&good], &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(told.matches("SYNTHETIC").count(), 1, "{told}");
    let found = read(&String::from_utf8(output.stdout).unwrap(), 26);
    let files: Vec<&PathBuf> = found.iter().map(|(file, ..)| file).collect();
    assert_eq!(files, [&part, &twin]);
    assert!(
        found.iter().all(|(_, _, p)| agree(p, &expected[&good])),
        "{found:?}"
    );
    assert_eq!(found[0].2, found[1].2, "one batch, and the same segments twice");

    // Each file of it may be the one with the bad exam.
    let with_bad = sorted(&bench.path("raw"), ".hdf5").into_iter().find(|file| {
        let inspected = ok(ecgfm().args(["inspect", "--json"]).arg(file));
        inspected.contains(bad)
    });
    let output = predict(&[&with_bad.unwrap()], &[bad], &["--json"]);
    assert_eq!(output.status.code(), Some(3));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["ecgs"], serde_json::json!([]));
    assert!(
        found["rejected"][0]["why"]
            .as_str()
            .unwrap()
            .contains("none of 1 exams"),
        "{found}"
    );
}

#[test]
fn a_table_replaces_no_file_that_was_read() {
    let bench = Bench::get();
    let part = bench.path("mine.hdf5");
    fs::copy(sorted(&bench.path("raw"), ".hdf5").remove(0), &part).unwrap();
    let before = fs::read(&part).unwrap();
    let outs = [
        part.clone(),
        bench.model(),
        bench.model().with_extension("json"),
        bench.path("no/such/x.csv"),
    ];
    for out in outs {
        let output = bench.predict(&part).arg("--output").arg(&out).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", out.display());
    }
    assert!(fs::read(&part).unwrap() == before);
    let output = ecgfm()
        .args(["predict", "x.mat", "--model", "m.ts", "--threshold", "nan"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_label_holds_by_the_same_comparison_as_in_a_run() {
    let bench = Bench::get();
    let part = sorted(&bench.path("raw"), ".hdf5").remove(0);
    let said = |threshold: &str| -> serde_json::Value {
        let more = ["--json", "--threshold", threshold];
        serde_json::from_str(&ok(bench.predict(&part).args(more))).unwrap()
    };
    // A probability that float64 takes for more than what is printed of it, as float32 does not.
    let first = said("0.5");
    let ecgs = first["ecgs"].as_array().unwrap().iter().enumerate();
    let all = ecgs.flat_map(|(at, ecg)| {
        ecg["probabilities"]
            .as_object()
            .unwrap()
            .iter()
            .map(move |p| (at, p))
    });
    let mut tricky = all.filter(|(_, (_, p))| {
        let p = p.as_f64().unwrap();
        f64::from(p as f32) > p
    });
    let (at, (label, p)) = tricky.next().expect("half of all are");
    let labels = said(&p.to_string())["ecgs"][at]["labels"].clone();
    assert!(
        !labels.as_array().unwrap().contains(&serde_json::json!(label)),
        "{label} at {p}"
    );
}

/// Segments of two runs may have one `idx`: they are two ECGs all the same.
#[test]
fn segments_of_two_recordings_with_one_idx_are_two_ecgs() {
    let bench = Bench::get();
    let first = sorted(&bench.run_dir().join("signals/segmented"), "_0.mat");
    let copies = bench.path("two_recordings");
    fs::create_dir(&copies).unwrap();
    // What says how the segments were prepared lies beside them.
    for file in fs::read_dir(first[0].parent().unwrap()).unwrap().flatten() {
        if file.path().extension().is_none_or(|extension| extension != "mat") {
            fs::copy(file.path(), copies.join(file.file_name())).unwrap();
        }
    }
    let [one, other] = ["one_9_0.mat", "other_9_0.mat"].map(|name| copies.join(name));
    fs::copy(&first[0], &one).unwrap();
    fs::copy(&first[0], &other).unwrap();
    let mut command = bench.predict(&one);
    let rows = read(&ok(command.arg(&other)), 1);
    assert_eq!(rows.len(), 2, "{rows:?}");
}
