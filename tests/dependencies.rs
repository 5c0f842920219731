//! docs/dependencies.md has a line for everything that is not written here.

#![allow(missing_docs)]

mod common;

use common::{metadata, root};
use std::collections::BTreeSet;

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// First cells of the table below a heading, each of whose lines must have every cell but the reason filled.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = read("docs/dependencies.md");
    let section = page
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .expect("the heading");
    let lines = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut names = BTreeSet::new();
    for line in lines {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() >= 4, "{line}");
        let (first, last) = (cells[0], cells[cells.len() - 1]);
        assert!(
            ![first, cells[1], cells[cells.len() - 2], last].contains(&""),
            "an empty cell: {line}"
        );
        assert!(names.insert(first.to_owned()), "{first} is there twice");
    }
    names
}

/// Crates that the workspace asks for: those in the program, and those of tests alone.
fn direct() -> (BTreeSet<String>, BTreeSet<String>) {
    let metadata = metadata();
    let (mut program, mut tests) = (BTreeSet::new(), BTreeSet::new());
    for package in metadata["packages"].as_array().expect("packages") {
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let name = dependency["name"].as_str().expect("a name").to_owned();
            // Those of this workspace come from a path, all others from a registry.
            match (dependency["path"].is_string(), dependency["kind"].as_str()) {
                (true, _) => continue,
                (false, Some("dev")) => tests.insert(name),
                (false, _) => program.insert(name),
            };
        }
    }
    let tests = tests.difference(&program).cloned().collect();
    (program, tests)
}

#[test]
fn every_crate_has_a_line_and_every_line_a_crate() {
    let (program, tests) = direct();
    assert!(program.len() > 20, "{program:?}");
    assert_eq!(documented("In the program"), program);
    assert_eq!(documented("In tests and benchmarks only"), tests);
}

#[test]
fn every_fetched_package_has_a_line_and_every_line_a_package() {
    let (setup, judges) = (read("tools/setup"), read("tools/requirements-test.txt"));
    let fetches = setup
        .lines()
        .filter(|line| line.contains("fetch ") || line.contains("cargo install"));
    let words = fetches.flat_map(str::split_whitespace).chain(judges.lines());
    let versioned = |word: &str| {
        let word = word.trim_matches(['"', '\'']);
        Some(
            word.split_once("==")
                .or_else(|| word.split_once('@'))?
                .0
                .to_owned(),
        )
    };
    let names = words.filter_map(versioned);
    let fetched: BTreeSet<String> = names.filter(|name| !name.starts_with(['-', '$'])).collect();
    assert!(
        fetched.contains("torch") && fetched.contains("numpy"),
        "{fetched:?}"
    );
    assert_eq!(documented("Tools and Python packages"), fetched);
}

#[test]
fn ci_checks_the_dependencies_offline() {
    let (justfile, deny) = (read("justfile"), read("deny.toml"));
    assert!(read(".ci/run").contains("./just lint"));
    assert!(
        justfile.contains("\nlint: setup deny\n"),
        "`just lint` runs `just deny`"
    );
    for rule in [
        "multiple-versions = \"deny\"",
        "unknown-registry = \"deny\"",
        "unknown-git = \"deny\"",
        "\"openssl-sys\"",
    ] {
        assert!(deny.contains(rule), "deny.toml has no longer {rule}");
    }
}
