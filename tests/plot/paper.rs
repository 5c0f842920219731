//! Methods and citations of a run: every number is one of its files.

use crate::common::{ecgfm, ok, root};
use crate::{refused, sample};
use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&read(path)).unwrap()
}

/// Numbers as they are written: runs of digits with points between them.
fn numbers(text: &str) -> BTreeSet<String> {
    let parts = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    let parts = parts.map(|part| part.trim_matches('.').trim_end_matches(".0").to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

#[test]
fn every_number_of_the_methods_is_one_of_the_runs_files() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let run = dir.path().join("code15/sample");
    let table = |further: &[&str]| ok(ecgfm().arg("table").arg(&run).args(further));
    let plain = table(&["--what=methods", "--format=plain"]);

    // What is said is what the files say.
    let metrics = json(&run.join("evaluate/metrics.json"));
    let lock = json(&run.join("lock.json"));
    let card = json(&run.join("export/model.json"));
    let stage = |name: &str| &lock["stages"][name];
    let flow = &metrics["flow"];
    let short = |sha256: &serde_json::Value| sha256.as_str().unwrap()[..12].to_owned();
    let intervals = &metrics["intervals"];
    for said in [
        format!(
            "in the layout of data set code15, seed {}",
            stage("synth")["parameters"]["seed"]
        ),
        "none is of CODE-15% v1.0.0".to_owned(),
        format!(
            "Of {} exams, {} were kept",
            flow["exams_read"], flow["exams_kept"]
        ),
        format!(
            "Scored were {} ECGs of {} patients",
            flow["ecgs_scored"], flow["patients_scored"]
        ),
        format!("cut into {} segments", flow["segments_scored"]),
        "Segments are of 5 s at 500 Hz.".to_owned(),
        "resample (method linear, 500 Hz)".to_owned(),
        format!(
            "model.ts (SHA-256 {}…)",
            short(&stage("infer")["facts"]["model_sha256"])
        ),
        format!("demo.pt (SHA-256 {}…)", short(&card["source"]["sha256"])),
        format!("{} parameters", card["parameters"]),
        format!(
            "seed {}: test (share {}, {} exams)",
            stage("splits")["parameters"]["seed"],
            stage("splits")["parameters"]["fractions"][2],
            stage("splits")["counts"]["exams_test"]
        ),
        format!(
            "It was {} for all labels",
            metrics["thresholds"]["by"].as_str().unwrap()
        ),
        format!(
            "{}: {} resamples, seed {}",
            intervals["ranking"].as_str().unwrap(),
            intervals["replicates"],
            intervals["seed"]
        ),
        format!(
            "ecgfm {}",
            stage("evaluate")["versions"]["ecgfm"].as_str().unwrap()
        ),
    ] {
        assert!(plain.contains(&said), "{said}\n{plain}");
    }
    assert!(plain.contains("It is the demo model of this program."), "{plain}");

    // And no number is from elsewhere: the files of the run, and the catalogue's title of the data set.
    let files = [
        "lock.json",
        "evaluate/metrics.json",
        "export/model.json",
        "signals/segments.store.json",
    ];
    let mut known: BTreeSet<String> = files
        .iter()
        .flat_map(|file| numbers(&read(&run.join(file))))
        .collect();
    known.extend(numbers(&read(&root().join("configs/datasets/code15.yaml"))));
    // 0.95 in per cent.
    known.insert("95".to_owned());
    // Hashes are cut short, and the sample's directory is the test's.
    let hashless: Vec<&str> = plain.split(' ').filter(|word| !word.contains('…')).collect();
    let strange: Vec<String> = numbers(&hashless.join(" ")).difference(&known).cloned().collect();
    assert!(strange.is_empty(), "{strange:?}\n{plain}");

    for (format, part) in [
        ("markdown", "**Data.** ECGs are synthetic"),
        ("latex", "\\paragraph{Data} ECGs are"),
        ("html", "<strong>Data.</strong> ECGs"),
    ] {
        let text = table(&["--what=methods", &format!("--format={format}")]);
        assert!(
            text.contains(part) && text.contains("SYNTHETIC, DEMO MODEL"),
            "{text}"
        );
    }
    let said: serde_json::Value = serde_json::from_str(&table(&["--what=methods", "--json"])).unwrap();
    assert_eq!(said[0]["paragraphs"][0]["heading"], "Data");

    // An evaluation without its run says what it does not know.
    let alone = dir.path().join("alone/evaluate");
    std::fs::create_dir_all(&alone).unwrap();
    std::fs::copy(run.join("evaluate/metrics.json"), alone.join("metrics.json")).unwrap();
    let said = ok(ecgfm().arg("table").arg(&alone).arg("--what=methods"));
    for what in [
        "data set",
        "steps from a recording",
        "model",
        "split of the data",
        "program and version",
    ] {
        assert!(
            said.contains(&format!("The run records no {what}")),
            "{what}: {said}"
        );
    }
    assert!(said.contains("There is no `lock.json`"), "{said}");

    // Nothing of the sample has anything to cite.
    let cited = table(&["--what=citation"]);
    assert!(
        cited.starts_with("% Missing:")
            && cited.contains("ECGs are synthetic")
            && cited.contains("demo model")
            && !cited.contains('@'),
        "{cited}"
    );
    let (code, message) = refused(
        ecgfm()
            .arg("table")
            .arg(&run)
            .args(["--what=citation", "--format=csv"]),
    );
    assert!(
        code == Some(2) && message.contains("forms of citations are bibtex, plain"),
        "{message}"
    );
}
