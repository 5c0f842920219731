//! The documentation says for whom it is, links to what exists, and stays short.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)] // A test that cannot read a page should stop there.

mod common;

use common::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Words of docs/*.md and README.md together, at most: 14,650, 1,500 for archives other than CODE-15, 1,500 for models other than
/// ECG-FM, 1,150 for clusters, with what runs on them take, 100 for a million exams, 350 for looking at ECGs, 370 for installing,
/// and 100 for figures. A new page needs room that an older one gives up.
const MOST_WORDS: usize = 19_720;

/// Markdown files of a directory below the repository, in the order of their names.
fn pages(dir: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(dir)).unwrap().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|x| x == "md"))
        .collect();
    found.sort();
    found
}

/// Words of prose and code; the bars and dashes of tables are none.
fn words(text: &str) -> usize {
    let words = text.split_whitespace();
    words.filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// Targets of links, `[text](target)`, outside fenced blocks.
fn links(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2);
    let after = prose.flat_map(|part| part.split("](").skip(1));
    after
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

/// Anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Reason why a link of `page` leads nowhere, if it does.
fn broken(page: &Path, text: &str, link: &str) -> Option<String> {
    if link.contains("://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = page.parent()?.join(file);
    let target_text = match file {
        "" => text.to_owned(),
        _ if !target.exists() => return Some(format!("{}: {link}: no such file", page.display())),
        _ if anchor.is_empty() => return None,
        _ => fs::read_to_string(&target).unwrap(),
    };
    let found = anchor.is_empty() || anchors(&target_text).contains(anchor);
    (!found).then(|| format!("{}: {link}: no such heading", page.display()))
}

#[test]
fn every_page_opens_with_whom_it_is_for() {
    for page in pages("docs").into_iter().chain([root().join("README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        let opening = text.split("\n\n").nth(1).unwrap_or("");
        let says = opening.starts_with("For ") && opening.contains(": ") && opening.ends_with('.');
        assert!(
            says,
            "{}: the first sentence should be `For WHOM: what the page answers.`",
            page.display()
        );
    }
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let dirs = [
        "docs",
        ".",
        "tests/bad_input",
        "tests/reliability",
        "tests/tripwires",
        "fuzz",
        "models/demo",
        "models/demo_net1d",
    ];
    let mut wrong = Vec::new();
    for page in dirs.into_iter().flat_map(pages) {
        let text = fs::read_to_string(&page).unwrap();
        let found = links(&text);
        wrong.extend(found.iter().filter_map(|link| broken(&page, &text, link)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words in backquotes that are files or directories: they end in `/` or in the ending of a file of the repository.
fn quoted_paths(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        let plain = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
        let endings = ["/", ".rs", ".md", ".toml", ".yaml"];
        plain && !word.contains("NAME") && endings.iter().any(|ending| word.ends_with(ending))
    };
    quoted.filter(is_path).collect()
}

/// Paths of a paragraph or a table's row that do not exist. A path is one from the root, or relative to a directory of the
/// path before it; a row of the table of crates is about that crate.
fn missing_paths(text: &str) -> Vec<String> {
    let crate_name = text.split('|').nth(2).unwrap_or_default().trim();
    let mut before = PathBuf::from("crates").join(crate_name).join("src");
    let mut missing = Vec::new();
    for path in quoted_paths(text) {
        let places = before.ancestors().map(|dir| dir.join(path));
        match places.into_iter().find(|place| root().join(place).exists()) {
            Some(found) => before = found,
            None => missing.push(format!("`{path}` in: {text}")),
        }
    }
    missing
}

#[test]
fn every_path_that_the_architecture_names_exists() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let prose: String = text.split("```").step_by(2).collect();
    let is_row = |line: &&str| line.starts_with('|');
    let rows = prose.lines().filter(is_row).map(str::to_owned);
    let paragraphs = prose
        .split("\n\n")
        .filter(|part| !is_row(part))
        .map(str::to_owned);
    let missing: Vec<String> = rows
        .chain(paragraphs)
        .flat_map(|part| missing_paths(&part))
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert_eq!(
        missing_paths("`crates/model/src/export.rs`, `nothing.rs`").len(),
        1
    );
}

#[test]
fn the_documentation_stays_short() {
    let pages = pages("docs").into_iter().chain([root().join("README.md")]);
    let counted = pages.map(|page| words(&fs::read_to_string(page).unwrap()));
    let all: usize = counted.sum();
    assert!(all <= MOST_WORDS, "{all} words, of {MOST_WORDS} at most");
}

#[test]
fn headings_become_the_anchors_that_links_name() {
    assert_eq!(anchor("What a model file may do"), "what-a-model-file-may-do");
    assert_eq!(
        anchor("Exams set aside: `rejected.csv`"),
        "exams-set-aside-rejectedcsv"
    );
    assert_eq!(words("| a | b-c | – |\n|---|"), 2);
    assert_eq!(
        links("[a](b.md#c) `x`\n```\n[d](e)\n```\n[f](g)"),
        ["b.md#c", "g"]
    );
}

/// The pages that a site of the documentation begins with, before the others.
#[test]
fn the_site_has_every_page_and_begins_with_five() {
    let summary = fs::read_to_string(root().join("docs/book/SUMMARY.md")).unwrap();
    let listed = links(&summary);
    for page in pages("docs") {
        let name = format!("docs/{}", page.file_name().unwrap().to_string_lossy());
        assert!(listed.contains(&name), "{name} is not in docs/book/SUMMARY.md");
    }
    assert_eq!(listed[0], "README.md");
    let first = ["install", "data", "models", "cluster", "report"].map(|name| format!("docs/{name}.md"));
    assert_eq!(listed[1..6], first);
}

#[test]
fn the_site_is_made_of_the_pages_and_of_the_programs_own_words() {
    let mdbook = root().join(".tools/docs/bin/mdbook").exists();
    if !mdbook {
        eprintln!("SKIPPED: no mdBook, so the site is prepared and not built; run `tools/setup docs`");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut build = Command::new("python3");
    build.arg(root().join("docs/book/build.py"));
    build.args((!mdbook).then_some("--prepare"));
    let output = build
        .arg(env!("CARGO_BIN_EXE_ecgfm"))
        .arg(dir.path().join("site"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = |name: &str| fs::read_to_string(dir.path().join("site/src").join(name)).unwrap();
    let (commands, kinds) = (text("reference/commands.md"), text("reference/kinds.md"));
    for command in ["init", "run", "evaluate"] {
        assert_eq!(
            commands.contains(&format!("\n## {command}\n")),
            command != "evaluate",
            "{command}"
        );
    }
    assert!(kinds.contains("\n## evaluate\n") && kinds.contains("age_bands"));
    assert!(
        text("SUMMARY.md").contains("](models/demo/demo.md)"),
        "what pages link to comes along"
    );
}

#[test]
fn the_version_is_the_same_everywhere() {
    let text = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let manifest = text("Cargo.toml");
    let (_, rest) = manifest.split_once("\nversion = \"").unwrap();
    let version = rest.split('"').next().unwrap();
    assert!(text("CITATION.cff").contains(&format!("\nversion: {version}\n")));
    assert!(text("CHANGELOG.md").contains(&format!("\n## {version}")));
}
