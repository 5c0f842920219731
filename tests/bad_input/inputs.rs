//! Expectations of inputs.md as data; each has a test, and the page for users names every reason and check.

use crate::common::root;
use ecgfm_artifacts::quality::QualityCheck;
use ecgfm_artifacts::rejected::Reason;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// A row of inputs.md: the outcome that a test expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// As in `set aside: too_short`, `flagged: amplitude`, `kept`, `ends with 3`.
    pub outcome: String,
    /// What is said, in pieces between which anything may stand.
    pub message: Vec<String>,
    /// Name of the test.
    pub test: String,
}

/// Where the expectations are, below the repository.
const FILE: &str = "tests/bad_input/inputs.md";

fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| fs::read_to_string(root().join(FILE)).expect(FILE))
}

/// All rows: lines of tables with four cells, the last of them a test's name.
pub fn rows() -> Vec<Expectation> {
    let cells = |line: &str| -> Option<Expectation> {
        let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<&str> = inner.split(" | ").map(str::trim).collect();
        let [_, outcome, message, test] = cells[..] else {
            return None;
        };
        let test = test.strip_prefix('`')?.strip_suffix('`')?;
        let message = message.trim_matches('`').trim_matches('–').trim();
        let pieces = message.split('…').map(str::trim).filter(|p| !p.is_empty());
        Some(Expectation {
            outcome: outcome.replace('`', ""),
            message: pieces.map(str::to_owned).collect(),
            test: test.to_owned(),
        })
    };
    text().lines().filter_map(cells).collect()
}

/// The row of a test.
pub fn row(test: &str) -> Expectation {
    let mut found = rows().into_iter().filter(|row| row.test == test);
    let row = found
        .next()
        .unwrap_or_else(|| panic!("{FILE} has no row for `{test}`"));
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
    let without: Vec<&Expectation> = rows.iter().filter(|row| !tests.contains(&row.test)).collect();
    assert!(without.is_empty(), "no such tests: {without:#?}");
    let listed: BTreeSet<&str> = rows.iter().map(|row| row.test.as_str()).collect();
    for file in ["recordings", "matching", "table", "parts", "policy", "downstream"] {
        for test in tests_in(&root().join(format!("tests/bad_input/{file}.rs"))) {
            assert!(listed.contains(test.as_str()), "`{test}` has no row in {FILE}");
        }
    }
}

#[test]
fn every_reason_and_every_check_has_a_row() {
    let rows = rows();
    let page = fs::read_to_string(root().join("docs/bad-input.md")).unwrap();
    for reason in Reason::ALL {
        let wanted = format!("set aside: {}", reason.as_str());
        assert!(
            rows.iter().any(|row| row.outcome == wanted),
            "no row is `{wanted}`"
        );
        let named = format!("`{}`", reason.as_str());
        assert!(page.contains(&named), "the page for users lacks {named}");
    }
    for check in QualityCheck::ALL {
        let wanted = format!("flagged: {}", check.reason().as_str());
        assert!(
            rows.iter().any(|row| row.outcome == wanted),
            "no row is `{wanted}`"
        );
        assert!(
            page.contains(&format!("| `{}` |", check.as_str())),
            "the page for users lacks {}",
            check.as_str()
        );
    }
}
