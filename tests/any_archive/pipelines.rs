//! The pipelines on their synthetic samples.

use crate::common::{ecgfm, ok};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Runs the first profile of a pipeline, with settings; returns the directory of the run.
fn run(name: &str, settings: &[&str], workdir: &Path) -> std::path::PathBuf {
    let mut command = ecgfm();
    command.args(["run", name, "--quiet", "--workdir"]).arg(workdir);
    for setting in settings {
        command.args(["--set", setting]);
    }
    ok(&mut command);
    workdir.join(name).join("sample")
}

/// Areas under the curve of whole ECGs, by label, of labels with three ECGs or more that have them.
fn aurocs(run: &Path) -> HashMap<String, f64> {
    let table = fs::read_to_string(run.join("evaluate/metrics.csv")).unwrap();
    let mut rows = table.lines().map(|row| row.split(',').collect::<Vec<&str>>());
    let header = rows.next().unwrap();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (unit, label, positives, auroc) = (at("unit"), at("label"), at("positives"), at("auroc"));
    let of_ecgs = rows.filter(|row| row[unit] == "ecg" && row[positives].parse::<f64>().unwrap() >= 3.0);
    of_ecgs
        .map(|row| (row[label].to_owned(), row[auroc].parse().unwrap()))
        .collect()
}

#[test]
fn every_pipeline_ends_with_what_the_demo_model_knows_of_its_sample() {
    let pipelines: [(&str, &[&str]); 4] = [
        ("ptbxl", &["AFIB", "CRBBB", "CLBBB", "SBRAD", "STACH", "1AVB"]),
        (
            "physionet2021",
            &["AF", "CRBBB|RBBB", "CLBBB|LBBB", "SB", "STach", "IAVB"],
        ),
        (
            "mimic_iv_ecg",
            &[
                // Right bundle branch block is left out: the rules count incomplete ones, too, as the reference's labeler does.
                "Atrial fibrillation",
                "Left bundle branch block",
                "Bradycardia",
                "1st degree atrioventricular block",
            ],
        ),
        ("folder", &["AF", "RBBB", "LBBB", "SB", "ST", "1dAVb"]),
    ];
    for (name, labels) in pipelines {
        let dir = tempfile::tempdir().unwrap();
        let run = run(name, &["synth.exams=120"], dir.path());
        let found = aurocs(&run);
        for label in labels {
            let auroc = found.get(*label).copied();
            assert!(auroc > Some(0.95), "{name}, {label}: {auroc:?} of {found:?}");
        }
        let page = fs::read_to_string(run.join("report/report.html")).unwrap();
        assert!(page.contains("SYNTHETIC"), "{name}");
    }
}

/// Probabilities of every segment, by exam and number.
fn probabilities(run: &Path) -> HashMap<(usize, usize), Vec<f64>> {
    let table = fs::read_to_string(run.join("predict/predictions.csv")).unwrap();
    let rows = table.lines().skip(1);
    let read = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        let segment = cells[0].rsplit('_').next().unwrap().parse().unwrap();
        let values = cells[4..30].iter().map(|cell| cell.parse().unwrap()).collect();
        ((cells[1].parse().unwrap(), segment), values)
    };
    rows.map(read).collect()
}

#[test]
fn the_same_ecgs_at_400_hz_in_hdf5_and_at_500_hz_in_wfdb_get_the_same_probabilities() {
    let dir = tempfile::tempdir().unwrap();
    // The sample of CODE-15 has overlapping classes and noise of its own with them; that of PTB-XL has not.
    let same = ["synth.exams=12", "synth.noise=0", "synth.overlap=0"];
    let of_random = ["splits.fractions=[1.0]", "splits.names=[test]"];
    let code15 = [&same[..], &of_random, &["synth.long_share=1"]].concat();
    let ptbxl = [
        &same[..],
        &["splits.folds={test: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}"],
    ]
    .concat();
    let until = |name: &str, settings: &[&str]| {
        let mut command = ecgfm();
        command
            .args(["run", name, "--quiet", "--until", "predict", "--workdir"])
            .arg(dir.path());
        for setting in settings {
            command.args(["--set", setting]);
        }
        ok(&mut command);
        probabilities(&dir.path().join(name).join("sample"))
    };
    let (of_hdf5, of_wfdb) = (until("code15", &code15), until("ptbxl", &ptbxl));
    assert_eq!((of_hdf5.len(), of_wfdb.len()), (24, 24));
    let mut largest = 0.0_f64;
    for (key, wanted) in &of_hdf5 {
        for (wanted, found) in wanted.iter().zip(&of_wfdb[key]) {
            largest = largest.max((wanted - found).abs());
        }
    }
    assert!(largest < 0.02, "{largest}");
}

#[test]
fn a_store_without_samples_gives_the_same_predictions_and_report() {
    for name in ["ptbxl", "folder"] {
        let dir = tempfile::tempdir().unwrap();
        let of = |store: &str| {
            let settings = ["synth.exams=60", &format!("signals.store={store}")];
            run(name, &settings, &dir.path().join(store))
        };
        let (packed, view) = (of("packed"), of("view"));
        assert!(!view.join("signals/segments/part-00000.npy").exists());
        for table in ["predict/predictions.csv", "evaluate/metrics.csv"] {
            let read = |run: &Path| fs::read_to_string(run.join(table)).unwrap();
            assert_eq!(read(&packed), read(&view), "{name}, {table}");
        }
        assert!(view.join("report/report.html").exists());
    }
}
