//! The page as data: its rows, and whether each has a test.

use crate::common::root;
use ecgfm_artifacts::quality::Check;
use ecgfm_artifacts::rejected::Reason;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// A row of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As in `set aside: too_short`, `flagged: amplitude`, `kept`, `ends with 3`.
    pub outcome: String,
    /// What is said, in pieces between which anything may stand.
    pub message: Vec<String>,
    /// Name of the test.
    pub test: String,
}

fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| fs::read_to_string(root().join("docs/bad-input.md")).expect("the page"))
}

/// All rows: lines of tables with four cells, the last of them a test's name.
pub fn rows() -> Vec<Row> {
    let cells = |line: &str| -> Option<Row> {
        let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<&str> = inner.split(" | ").map(str::trim).collect();
        let [_, outcome, message, test] = cells[..] else {
            return None;
        };
        let test = test.strip_prefix('`')?.strip_suffix('`')?;
        let message = message.trim_matches('`').trim_matches('–').trim();
        let pieces = message.split('…').map(str::trim).filter(|p| !p.is_empty());
        Some(Row {
            outcome: outcome.replace('`', ""),
            message: pieces.map(str::to_owned).collect(),
            test: test.to_owned(),
        })
    };
    text().lines().filter_map(cells).collect()
}

/// The row of a test.
pub fn row(test: &str) -> Row {
    let mut found = rows().into_iter().filter(|row| row.test == test);
    let row = found
        .next()
        .unwrap_or_else(|| panic!("docs/bad-input.md has no row for `{test}`"));
    assert_eq!(found.next(), None, "`{test}` has two rows");
    row
}

/// Every function of the sources that is a test.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![root().join("tests"), root().join("crates")];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|x| x == "rs") {
                found.extend(tests_in(&path));
            }
        }
    }
    found
}

fn tests_in(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let after = text.split("#[test]").skip(1);
    let named = after.filter_map(|rest| {
        let (_, rest) = rest.split_once("fn ")?;
        Some(rest.split_once('(')?.0.to_owned())
    });
    named.collect()
}

#[test]
fn every_row_has_a_test_and_every_test_of_this_file_a_row() {
    let (rows, tests) = (rows(), tests());
    assert!(rows.len() > 80, "{} rows were found", rows.len());
    let without: Vec<&Row> = rows.iter().filter(|row| !tests.contains(&row.test)).collect();
    assert!(without.is_empty(), "no such tests: {without:#?}");
    let listed: BTreeSet<&str> = rows.iter().map(|row| row.test.as_str()).collect();
    for file in ["recordings", "matching", "table", "parts", "policy", "downstream"] {
        for test in tests_in(&root().join(format!("tests/bad_input/{file}.rs"))) {
            assert!(
                listed.contains(test.as_str()),
                "`{test}` has no row in docs/bad-input.md"
            );
        }
    }
}

#[test]
fn every_reason_and_every_check_has_a_row() {
    let rows = rows();
    for reason in Reason::ALL {
        let wanted = format!("set aside: {}", reason.as_str());
        assert!(
            rows.iter().any(|row| row.outcome == wanted),
            "no row is `{wanted}`"
        );
    }
    for check in Check::ALL {
        let wanted = format!("flagged: {}", check.reason().as_str());
        assert!(
            rows.iter().any(|row| row.outcome == wanted),
            "no row is `{wanted}`"
        );
        assert!(
            text().contains(&format!("`{}`", check.as_str())),
            "{}",
            check.as_str()
        );
    }
}
