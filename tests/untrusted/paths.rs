//! Wherever text of a file becomes a path: nothing appears outside the directory that was given to write into.

use crate::common::{Bench, ecgfm, ok};
use std::path::Path;
use std::process::Output;

/// Names that lead elsewhere, or nowhere.
const HOSTILE: [&str; 6] = [
    "../../escaped",
    "/tmp/ecgfm-escaped",
    "..",
    "a/b",
    ".hidden",
    "a\u{1b}[2Jb",
];

/// A directory to work in inside one that nothing may appear in.
struct Cell {
    outer: tempfile::TempDir,
}

impl Cell {
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(outer.path().join("a/b/c")).unwrap();
        Self { outer }
    }

    fn inside(&self) -> std::path::PathBuf {
        self.outer.path().join("a/b/c")
    }

    /// Nothing but the way inside is there.
    fn assert_closed(&self, doing: &str) {
        for (at, only) in [("", "a"), ("a", "b"), ("a/b", "c")] {
            let entries = std::fs::read_dir(self.outer.path().join(at)).unwrap().flatten();
            let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
            assert_eq!(names, [only], "{doing}");
        }
        assert!(!Path::new("/tmp/ecgfm-escaped").exists(), "{doing}");
    }
}

fn refused(output: &Output, doing: &str, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(2 | 3)),
        "{doing}: {:?} {said}",
        output.status
    );
    assert!(said.contains(words), "{doing}: {said}");
    assert!(
        !said.contains('\u{1b}'),
        "{doing}: a terminal would obey {said:?}"
    );
}

#[test]
fn a_split_named_in_a_table_is_no_way_out() {
    let cell = Cell::new();
    let table = cell.inside().join("segmented_split.csv");
    for name in HOSTILE {
        let rows =
            format!("idx,save_file,split,path,sample_size\n0,x_1.mat,{name},signals/segments/x_1_0,2500\n");
        std::fs::write(&table, rows).unwrap();
        let mut stage = ecgfm();
        stage
            .args(["stage", "manifests", "--quiet", "--with"])
            .arg(format!("splits={}", table.display()));
        let output = stage
            .arg("--out")
            .arg(cell.inside().join("manifests"))
            .output()
            .unwrap();
        refused(&output, name, "is no name of a split: letters, digits");
        cell.assert_closed(name);
    }
}

#[test]
fn names_in_parameters_are_no_way_out() {
    let Some(bench) = Bench::new() else { return };
    ok(&mut bench.command("run", &["--quiet", "--until", "predict"]));
    let cell = Cell::new();
    for name in HOSTILE {
        for (setting, words) in [
            ("infer.subset", "is no name of a subset"),
            ("predict.subset", "is no name of a subset"),
            ("splits.names.0", "names are unique and made of letters"),
        ] {
            let set = match setting {
                "splits.names.0" => format!("splits.names={}", serde_json::json!([name, "valid", "test"])),
                other => format!("{other}={}", serde_json::json!(name)),
            };
            let stage = setting.split('.').next().unwrap();
            let output = bench
                .command("run", &["--quiet", "--only", stage, "--force", "--set", &set])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{set}: {said}");
            // The engine sees some of it before the stage does.
            let seen = [words, "is no name of a split", "outside the stage's directory"]
                .iter()
                .any(|words| said.contains(words));
            assert!(seen, "{set}: {said}");
            assert!(!said.contains('\u{1b}'), "{set}: a terminal would obey {said:?}");
            cell.assert_closed(&set);
        }
    }
    assert!(!bench.workdir.path().join("escaped.npy").exists());
    let above: Vec<_> = std::fs::read_dir(bench.workdir.path())
        .unwrap()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert_eq!(above, ["code15"], "nothing beside the run");
}

#[test]
fn names_in_a_pipeline_are_no_way_out() {
    for name in HOSTILE {
        let quoted = serde_json::json!(name);
        for (what, text) in [
            (
                "pipeline",
                format!("{{ name: {quoted}, stages: {{ s: {{ uses: synth, with: {{ exams: 1 }} }} }} }}"),
            ),
            (
                "stage",
                format!("{{ name: p, stages: {{ {quoted}: {{ uses: synth, with: {{ exams: 1 }} }} }} }}"),
            ),
            (
                "profile",
                format!(
                    "{{ name: p, profiles: {{ {quoted}: {{}} }}, stages: {{ s: {{ uses: synth, with: {{ exams: 1 }} }} }} }}"
                ),
            ),
        ] {
            let cell = Cell::new();
            let file = cell.inside().join("p.yaml");
            std::fs::write(&file, text).unwrap();
            let mut run = ecgfm();
            run.arg("run")
                .arg(&file)
                .args(["--quiet", "--workdir"])
                .arg(cell.inside().join("runs"));
            refused(&run.output().unwrap(), &format!("{what} {name}"), "name");
            cell.assert_closed(&format!("{what} {name}"));
        }
    }
}

#[test]
fn what_an_archive_names_is_no_way_out() {
    let cell = Cell::new();
    let raw = cell.inside().join("raw");
    ok(ecgfm()
        .args(["synth", "--quiet", "--exams", "4", "--out"])
        .arg(&raw));
    // What a recording is saved as is made of its number; where it is, is looked up among the parts that are there.
    std::fs::rename(
        raw.join("exams_part0.hdf5"),
        cell.inside().join("exams_part0.hdf5"),
    )
    .unwrap();
    std::fs::copy(
        cell.inside().join("exams_part0.hdf5"),
        raw.join("exams_part1.hdf5"),
    )
    .unwrap();
    let table = std::fs::read_to_string(raw.join("exams.csv")).unwrap();
    let absolute = cell.inside().join("exams_part0.hdf5").display().to_string();
    for name in ["../exams_part0.hdf5", "../../escaped", &absolute] {
        let rows = table
            .replacen("exams_part0.hdf5", "FIRST", 1)
            .replace("exams_part0.hdf5", "exams_part1.hdf5");
        std::fs::write(raw.join("exams.csv"), rows.replace("FIRST", name)).unwrap();
        let mut stage = crate::signals(&raw, &cell.inside().join("signals"), &["store=mat"]);
        stage.arg("--force");
        ok(&mut stage);
        let rejected = std::fs::read_to_string(cell.inside().join("signals/rejected.csv")).unwrap();
        assert!(rejected.contains("unknown_trace_file"), "{name}: {rejected}");
        cell.assert_closed(name);
    }
}

#[test]
fn an_exam_number_that_is_a_path_is_a_bad_row() {
    let cell = Cell::new();
    let raw = cell.inside().join("raw");
    ok(ecgfm()
        .args(["synth", "--quiet", "--exams", "4", "--out"])
        .arg(&raw));
    let table = std::fs::read_to_string(raw.join("exams.csv")).unwrap();
    let column = table
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|name| name == "exam_id")
        .unwrap();
    let id = table.lines().nth(1).unwrap().split(',').nth(column).unwrap();
    std::fs::write(raw.join("exams.csv"), table.replacen(id, "../../escaped", 1)).unwrap();
    let mut stage = crate::signals(&raw, &cell.inside().join("signals"), &["store=mat"]);
    ok(&mut stage);
    let rejected = std::fs::read_to_string(cell.inside().join("signals/rejected.csv")).unwrap();
    assert!(
        rejected.contains("`../../escaped` is not a positive integer"),
        "{rejected}"
    );
    cell.assert_closed("exam_id");
}

#[test]
fn a_journal_of_somebody_else_moves_nothing() {
    let cell = Cell::new();
    let runs = cell.inside().join("runs");
    let file = cell.inside().join("p.yaml");
    std::fs::write(
        &file,
        "{ name: p, stages: { s: { uses: synth, with: { exams: 2 } } } }",
    )
    .unwrap();
    let run = || {
        ecgfm()
            .arg("run")
            .arg(&file)
            .args(["--quiet", "--workdir"])
            .arg(&runs)
            .output()
            .unwrap()
    };
    assert!(run().status.success());
    let dir = runs.join("p/default");
    let lock: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(dir.join("lock.json")).unwrap()).unwrap();
    for stage in ["../../../victim", "/tmp/ecgfm-escaped", "..", "", ".lock"] {
        let victim = cell.inside().join("victim");
        std::fs::create_dir_all(&victim).unwrap();
        std::fs::write(victim.join("kept"), "").unwrap();
        let journal = serde_json::json!({ "stage": stage, "record": lock["stages"]["s"], "vars": {} });
        std::fs::write(dir.join(".publishing.json"), journal.to_string()).unwrap();
        let output = run();
        assert!(
            output.status.success(),
            "{stage}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            victim.join("kept").exists() && !dir.join(".publishing.json").exists(),
            "{stage}"
        );
        cell.assert_closed(stage);
    }
}

#[test]
fn a_label_that_is_a_path_names_no_file_elsewhere() {
    let Some(bench) = Bench::new() else { return };
    let labels = bench.workdir.path().join("hostile.yaml");
    let set = std::fs::read_to_string(crate::common::root().join("configs/labels/physionet2021.yaml"));
    let Ok(set) = set else {
        panic!("the label set is where it was")
    };
    std::fs::write(&labels, set.replacen("AF", "../../../escaped", 1)).unwrap();
    let setting = format!("vars.label_set={}", labels.display());
    let output = bench
        .command("run", &["--quiet", "--set", &setting])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut open = vec![bench.workdir.path().to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let expected = ["code15", "hostile.yaml"].contains(&name.as_str()) || at != bench.workdir.path();
            assert!(expected, "{name} appeared beside the run: {said}");
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
}
