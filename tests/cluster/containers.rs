//! The recipes of containers: without a fault that hadolint knows, and true to what the project needs.

use crate::common::root;
use std::process::Command;

/// Text of a file of this project.
fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

/// What follows a word in a text, to the end of the line.
fn after<'t>(text: &'t str, word: &str) -> &'t str {
    let (_, rest) = text
        .split_once(word)
        .unwrap_or_else(|| panic!("no `{word}` in:\n{text}"));
    rest.lines().next().unwrap().trim()
}

#[test]
fn hadolint_finds_no_fault() {
    let program = root().join(".tools/cluster/bin/hadolint");
    if !program.exists() {
        eprintln!("SKIPPED: no hadolint; run `tools/setup test`");
        return;
    }
    let lint = |file: &std::path::Path| {
        let output = Command::new(&program).arg(file).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(lint(&root().join("packaging/Dockerfile")), (true, String::new()));
    let dir = tempfile::tempdir().unwrap();
    let wrong = dir.path().join("Dockerfile");
    std::fs::write(
        &wrong,
        text("packaging/Dockerfile").replace("debian:bookworm-slim", "debian:latest"),
    )
    .unwrap();
    assert!(!lint(&wrong).0);
}

#[test]
fn both_recipes_build_with_the_projects_rust_and_what_readme_names() {
    let (docker, apptainer) = (text("packaging/Dockerfile"), text("packaging/ecgfm.def"));
    let manifest = text("Cargo.toml");
    let rust = format!(
        "rust:{}-slim-",
        after(&manifest, "rust-version = ").trim_matches('"')
    );
    let needed = after(&text("tools/bare"), "\npackages=").replace(',', " ");
    for recipe in [&docker, &apptainer] {
        assert!(recipe.contains(&rust), "{rust}");
        assert!(
            recipe.contains(&format!("--no-install-recommends {needed}")),
            "{needed}"
        );
        assert!(recipe.contains("./just build"));
        assert!(recipe.contains("packaging/collect /image"));
        assert!(recipe.contains("ECGFM_COMMIT"), "the build has no .git to ask");
    }
    let version = after(&manifest, "\nversion = ").trim_matches('"').to_owned();
    assert_eq!(after(&apptainer, "Version "), version);
    assert!(docker.contains(&format!("--tag ecgfm:{version} ")));
}

#[test]
fn an_engine_that_is_not_there_is_named_before_anything_is_built() {
    let output = Command::new(root().join("tools/try_image"))
        .arg("no-such-engine")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        (output.status.code(), said.trim()),
        (Some(2), "try_image: no-such-engine not found")
    );
}

#[test]
fn programs_that_are_not_built_are_not_collected() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(root().join("packaging/collect"))
        .arg(dir.path().join("image"))
        .env("CARGO_TARGET_DIR", dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("run `just build` first"), "{said}");
    assert!(!dir.path().join("image").exists());
}
