//! Several archives in one run.

use crate::common::{ecgfm, ok, reference};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Makes an archive of 8 synthetic ECGs in this layout, below `dir`.
fn synthetic(dir: &Path, layout: &str, seed: &str) -> PathBuf {
    let raw = dir.join(format!("{layout}{seed}"));
    let mut command = ecgfm();
    command.args([
        "synth", "--quiet", "--exams", "8", "--layout", layout, "--seed", seed,
    ]);
    ok(command.args(["--mix", "balanced", "--out"]).arg(&raw));
    raw
}

/// Runs a stage with these parameters into `out`; returns what it prints to people.
pub(crate) fn stage(kind: &str, with: &[String], out: &Path) -> (bool, String) {
    let mut command = ecgfm();
    command.args(["stage", kind]);
    for with in with {
        command.args(["--with", with]);
    }
    let output = command.arg("--out").arg(out).output().unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Runs a stage that succeeds.
fn done(kind: &str, with: &[String], out: &Path) -> String {
    let (success, text) = stage(kind, with, out);
    assert!(success, "{with:?}\n{text}");
    text
}

/// The parameter `sources` of archives: dataset, path, name.
pub(crate) fn sources(archives: &[(&str, &Path, Option<&str>)]) -> String {
    let source = |(dataset, raw, name): &(&str, &Path, Option<&str>)| {
        let name = name.map_or_else(String::new, |name| format!(", name: {name}"));
        format!("{{dataset: {dataset}, raw: '{}'{name}}}", raw.display())
    };
    let archives: Vec<String> = archives.iter().map(source).collect();
    format!("sources=[{}]", archives.join(", "))
}

/// Rows of a table, by column.
pub(crate) fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(cells);
    let header = lines.next().unwrap();
    lines
        .map(|cells| header.iter().cloned().zip(cells).collect())
        .collect()
}

/// Cells of a line, of which some are quoted.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}

/// Columns that differ between a run of several archives and one of an archive alone.
const OF_THE_RUN: [&str; 4] = ["idx", "patient_id", "save_path", "source"];

/// Holds the records of several archives against those of a run of each alone.
fn assert_same_as_alone(records: &[BTreeMap<String, String>], alone: &[(&str, &Path)]) {
    let mut joined = records.iter();
    let mut first = 0;
    for (source, out) in alone {
        let own = rows(&out.join("meta.csv"));
        for own in &own {
            let row = joined.next().unwrap();
            assert_eq!(row["source"], *source);
            for (column, cell) in own
                .iter()
                .filter(|(column, _)| !OF_THE_RUN.contains(&column.as_str()))
            {
                assert_eq!(&row[column], cell, "{source}: {column}");
            }
            let idx = |row: &BTreeMap<String, String>| row["idx"].parse::<usize>().unwrap();
            assert_eq!(idx(row), first + idx(own));
        }
        first += own.len() + rows(&out.join("rejected.csv")).len();
    }
    assert!(joined.next().is_none());
}

#[test]
fn several_archives_are_one_run_as_each_would_be_alone() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    let archives =
        ["code15", "ptbxl", "mimic_iv_ecg"].map(|layout| (layout, synthetic(dir.path(), layout, "1")));
    // One recording of PTB-XL's is gone: an exam of that source is set aside.
    let gone = rows(&archives[1].1.join("ptbxl_database.csv"))[2]["filename_hr"].clone();
    fs::remove_file(archives[1].1.join(format!("{gone}.hea"))).unwrap();
    let named: Vec<(&str, &Path, Option<&str>)> = archives
        .iter()
        .map(|(layout, raw)| (*layout, raw.as_path(), None))
        .collect();
    let text = done("signals", &[sources(&named)], &place("signals"));
    assert!(
        text.contains("source ptbxl: 8 exams read, 7 kept, 1 set aside"),
        "{text}"
    );
    let records = rows(&place("signals").join("meta.csv"));
    for (layout, raw) in &archives {
        let with = [format!("dataset={layout}"), format!("raw={}", raw.display())];
        done("signals", &with, &place(layout));
    }
    let alone = ["code_15", "ptbxl", "mimic_iv_ecg"];
    let outs = archives.each_ref().map(|(layout, _)| place(layout));
    let alone: Vec<(&str, &Path)> = alone.into_iter().zip(outs.iter().map(PathBuf::as_path)).collect();
    assert_same_as_alone(&records, &alone);
    let rejected = rows(&place("signals").join("rejected.csv"));
    assert_eq!(rejected.len(), 1);
    assert_eq!(
        (rejected[0]["source"].as_str(), rejected[0]["reason"].as_str()),
        ("ptbxl", "missing_tracing")
    );

    // The numbers of patients of the archives overlap, and name other patients.
    let patients = |source: &str| -> BTreeSet<&str> {
        let of_source = records.iter().filter(|row| row["source"] == source);
        of_source.map(|row| row["patient_id"].as_str()).collect()
    };
    assert!(
        patients("ptbxl")
            .iter()
            .all(|patient| patient.starts_with("ptbxl:"))
    );
    let with = |text: &str| text.replace("SIGNALS", &place("signals").display().to_string());
    let with = |texts: &[&str]| texts.iter().map(|text| with(text)).collect::<Vec<_>>();
    let splits = with(&[
        "records=SIGNALS/meta.csv",
        "segments=SIGNALS/segmented.csv",
        "strategy=grouped",
        "fractions=[0.5, 0.5]",
        "names=[train, test]",
        "keep_cols=[source]",
    ]);
    done("splits", &splits, &place("splits"));
    let of_groups: BTreeSet<String> = rows(&place("splits").join("meta_split.csv"))
        .iter()
        .map(|row| row["patient_id"].clone())
        .collect();
    assert_eq!(
        of_groups.len(),
        ["code_15", "ptbxl", "mimic_iv_ecg"]
            .map(|source| patients(source).len())
            .iter()
            .sum::<usize>()
    );

    // One manifest a split, of segments of all archives.
    let segmented = place("splits").join("segmented_split.csv").display().to_string();
    done("manifests", &[format!("splits={segmented}")], &place("manifests"));
    let lists = ["train", "test"]
        .map(|split| fs::read_to_string(place("manifests").join(format!("{split}.tsv"))).unwrap());
    let listed: usize = lists.iter().map(|list| list.lines().count() - 1).sum();
    assert_eq!(listed, rows(&place("signals").join("segmented.csv")).len());
    for source in ["code_15_", "ptbxl_", "mimic_iv_ecg_"] {
        assert!(lists.iter().any(|list| list.contains(source)), "{source}");
    }

    // Each exam by the rule of its source, or out loudly.
    let labels = with(&[
        "records=SIGNALS/meta.csv",
        "label_set=mimic_iv_ecg",
        "by_source={mimic_iv_ecg: {text: machine_report, rules: mimic_iv_ecg}}",
    ]);
    let text = done("labels", &labels, &place("labels"));
    assert!(text.contains("15 exams are UNLABELLED"), "{text}");
    assert_eq!(rows(&place("labels").join("labels.csv")).len(), 8);
}

#[test]
fn archives_that_cannot_be_told_apart_are_refused_and_names_tell_them() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (
        synthetic(dir.path(), "folder", "1"),
        synthetic(dir.path(), "folder", "2"),
    );
    let out = dir.path().join("signals");
    let derive = "missing_leads=derive".to_owned();
    let (success, text) = stage(
        "signals",
        &[sources(&[("folder", &a, None), ("folder", &b, None)])],
        &out,
    );
    assert!(
        !success && text.contains("give one of them another `name`"),
        "{text}"
    );
    let (success, text) = stage(
        "signals",
        &[sources(&[
            ("folder", &a, None),
            ("ptbxl", &b.join("nowhere"), None),
        ])],
        &out,
    );
    assert!(
        !success && text.contains("sources") && text.contains("nowhere: there is no such directory"),
        "{text}"
    );
    let named = sources(&[("folder", &a, Some("east")), ("folder", &b, Some("west"))]);
    done("signals", &[named, derive], &out);
    let records = rows(&out.join("meta.csv"));
    let files: BTreeSet<&str> = records.iter().map(|row| row["save_file"].as_str()).collect();
    assert_eq!(files.len(), 16);
    let idx: Vec<usize> = records.iter().map(|row| row["idx"].parse().unwrap()).collect();
    assert_eq!(idx, (0..16).collect::<Vec<_>>());
    assert!(
        records[15]["save_file"].starts_with("west_"),
        "{}",
        records[15]["save_file"]
    );
}

/// Sources of two kinds in one archive that only points at the raw files: recordings that are cut and others that are not.
#[test]
fn a_view_of_several_archives_holds_the_segments_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (
        synthetic(dir.path(), "code15", "1"),
        synthetic(dir.path(), "code15", "2"),
    );
    let ptbxl = synthetic(dir.path(), "ptbxl", "1");
    let alike = sources(&[("code15", &a, Some("a")), ("code15", &b, Some("b"))]);
    let mixed = sources(&[("code15", &a, None), ("ptbxl", &ptbxl, None)]);
    for (name, archives) in [("alike", alike), ("mixed", mixed)] {
        let out = dir.path().join(name);
        done("signals", &[archives, "store=view".to_owned()], &out);
        let (index, segments) = (
            rows(&out.join("segments/index.csv")),
            rows(&out.join("segmented.csv")),
        );
        assert_eq!(index.len(), segments.len(), "{name}");
        assert!(index.len() > 16, "{name}");
    }
}

#[test]
fn real_records_of_three_sources_are_one_run() {
    let Some(shared) = reference().and_then(|reference| Some(reference.parent()?.to_owned())) else {
        return;
    };
    let (wfdb, raw) = (shared.join("wfdb"), shared.join("reference2/main/raw"));
    if !wfdb.is_dir() || !raw.is_dir() {
        eprintln!("SKIPPED: no records at {} and {}", wfdb.display(), raw.display());
        return;
    }
    let mimic = fs::read_dir(raw.join("mimic-iv-ecg"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("signals");
    let three = sources(&[
        ("mimic_iv_ecg", &mimic, None),
        ("folder", &wfdb.join("cinc2021-georgia"), Some("georgia")),
        ("physionet2021", &raw.join("physionet2021"), None),
    ]);
    done("signals", &[three], &out);
    let records = rows(&out.join("meta.csv"));
    let count = |source: &str| records.iter().filter(|row| row["source"] == source).count();
    let rejected = rows(&out.join("rejected.csv"));
    assert_eq!(
        (count("mimic_iv_ecg"), count("georgia"), count("physionet2021")),
        (7, 2, 12)
    );
    assert_eq!(rejected.len(), 4);
    assert!(rejected.iter().all(|row| row["source"] == "mimic_iv_ecg"));
    // The reference numbers a second archive from the last of the first on.
    let first = records.iter().find(|row| row["source"] == "georgia").unwrap();
    assert_eq!(
        (first["idx"].as_str(), first["save_file"].as_str()),
        ("11", "georgia_E07500.mat")
    );
    // Two of the records are in both archives; their samples and statistics are the same.
    let same: Vec<_> = records
        .iter()
        .filter(|row| row["save_file"].ends_with("_E07510.mat"))
        .collect();
    assert_eq!(same.len(), 2);
    assert_eq!(same[0]["std_11"], same[1]["std_11"]);
}
