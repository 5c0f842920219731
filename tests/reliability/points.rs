//! The steps of a publication: points.md lists them all, and no released program can be stopped at them.

use crate::common::root;
use ecgfm_pipeline::failpoint::POINTS;
use std::process::Command;

#[test]
fn the_page_lists_every_point_in_order() {
    let page = std::fs::read_to_string(root().join("tests/reliability/points.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let points = POINTS.map(|p| p.name());
    assert_eq!(named, points);
}

/// What a package is built with, on the way given by the kinds of its dependencies.
fn built_with(edges: &str) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p} {f}"])
        .args(["--package", "ecgfm-cli", "--edges", edges])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_released_program_cannot_be_steered_by_the_environment() {
    assert!(built_with("normal,build,dev").contains("failpoints"), "tests can");
    assert!(!built_with("normal,build").contains("failpoints"));
}
