//! The crates know each other exactly as docs/architecture.md says.

mod common;

use common::{metadata, root};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate → crates of this workspace it depends on, development dependencies included.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |v: &serde_json::Value| {
        v["name"]
            .as_str()
            .and_then(|n| n.strip_prefix("ecgfm-"))
            .map(str::to_owned)
    };
    let of = |p: &serde_json::Value| {
        p["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(name)
            .collect()
    };
    packages.iter().filter_map(|p| Some((name(p)?, of(p)))).collect()
}

/// The table of docs/architecture.md.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, floor, name, _, knows, _] = cells[..] else {
            return None;
        };
        floor.parse::<u8>().ok()?;
        Some((name.to_owned(), knows.to_owned()))
    });
    let rows: Vec<(String, String)> = rows.collect();
    let all: BTreeSet<String> = rows.iter().map(|r| r.0.clone()).collect();
    let known = |name: &str, knows: &str| match knows {
        "all" => all.iter().filter(|n| *n != name).cloned().collect(),
        "–" => BTreeSet::new(),
        list => list.split(", ").map(str::to_owned).collect(),
    };
    rows.iter()
        .map(|(name, knows)| (name.clone(), known(name, knows)))
        .collect()
}

#[test]
fn the_crates_know_each_other_exactly_as_documented() {
    let documented = documented();
    assert_eq!(
        documented.len(),
        21,
        "the table of docs/architecture.md was not read"
    );
    assert_eq!(arrows(), documented);
}

/// All packages that building `package` alone needs.
fn tree(package: &str) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--package",
            package,
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn only_model_and_infer_and_the_program_link_libtorch() {
    for name in arrows().into_keys() {
        let links = tree(&format!("ecgfm-{name}"))
            .lines()
            .any(|l| l.starts_with("torch-sys "));
        assert_eq!(
            links,
            ["model", "infer", "cli"].contains(&name.as_str()),
            "{name}"
        );
    }
}

/// Names of libraries that a program asks the system for when it starts.
fn asks_for_libtorch(program: &str) -> bool {
    let bytes = std::fs::read(program).expect("the program");
    let name = b"libtorch_cpu.so\0";
    bytes.windows(name.len()).any(|some| some == name)
}

#[test]
fn only_the_half_that_runs_models_loads_libtorch() {
    assert!(!asks_for_libtorch(env!("CARGO_BIN_EXE_ecgfm")));
    assert!(asks_for_libtorch(env!("CARGO_BIN_EXE_ecgfm-torch")));
}

#[test]
fn evaluation_inference_and_report_build_without_hdf5() {
    for name in [
        "evaluate", "infer", "report", "model", "pipeline", "recipe", "labels",
    ] {
        let links = tree(&format!("ecgfm-{name}"))
            .lines()
            .any(|l| l.starts_with("hdf5-metno"));
        assert!(!links, "{name} pulls in HDF5");
    }
}
