//! Tables for a paper as pandoc reads them.

use crate::common::{ecgfm, ok};
use crate::sample;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Says if pandoc is there; if not, the test should return.
fn pandoc_is_there() -> bool {
    let found = Command::new("pandoc").arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: no pandoc");
    }
    found
}

/// Rows of cells that pandoc finds in a table of `ecgfm table`, headings first.
fn rows_by_pandoc(dir: &Path, format: &str, table: &str) -> Vec<Vec<String>> {
    let file = dir.join(format);
    std::fs::write(&file, table).unwrap();
    let mut pandoc = Command::new("pandoc");
    let html = ok(pandoc
        .args(["--from", format, "--to", "html", "--wrap=none"])
        .arg(&file));
    let rows = html.split("<tr").skip(1);
    let cells = |row: &str| {
        let parts = row.split("</th>").flat_map(|part| part.split("</td>"));
        let mut cells: Vec<String> = parts.map(plain_text).collect();
        // What follows the last cell is the end of the row.
        cells.pop();
        cells
    };
    rows.map(cells).collect()
}

/// The text of a cell, which begins somewhere before its tag.
fn plain_text(html: &str) -> String {
    let (_, cell) = html.split_once("<t").unwrap_or_default();
    let (_, cell) = cell.split_once('>').unwrap_or_default();
    let text: String = cell
        .split('<')
        .enumerate()
        .map(|(at, part)| match at {
            0 => part,
            _ => part.split_once('>').map_or("", |(_, text)| text),
        })
        .collect();
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    text.trim().to_owned()
}

/// A statistic as a table prints it: three digits and its interval.
fn printed(estimate: &Value) -> String {
    let digits = |name: &str| estimate[name].as_f64().map(|value| format!("{value:.3}"));
    match (digits("value"), digits("lo"), digits("hi")) {
        (Some(value), Some(lo), Some(hi)) => format!("{value} ({lo}–{hi})"),
        (Some(value), ..) => value,
        (None, ..) => "–".to_owned(),
    }
}

#[test]
fn pandoc_reads_tables_with_the_numbers_of_the_metrics() {
    if !pandoc_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let run = dir.path().join("code15/sample");
    let read = |what: &str, format: &str| {
        let mut table = ecgfm();
        table
            .arg("table")
            .arg(&run)
            .args(["--what", what, "--format", format]);
        rows_by_pandoc(dir.path(), format, &ok(&mut table))
    };
    let metrics = std::fs::read_to_string(run.join("evaluate/metrics.json")).unwrap();
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    let units = metrics["units"].as_array().unwrap();
    let unit = units.iter().find(|unit| unit["unit"] == "ecg").unwrap();
    let number = |value: &Value| value.as_u64().unwrap();
    let wanted = unit["labels"].as_array().unwrap().iter().map(|label| {
        let n = number(&unit["n"]) - label["unknown"].as_u64().unwrap_or(0);
        let first = [label["label"].as_str().unwrap().to_owned(), n.to_string()];
        let statistics = ["auroc", "auprc", "sensitivity", "specificity", "ppv"];
        let mut row: Vec<String> = first.to_vec();
        row.push(number(&label["positives"]).to_string());
        row.extend(statistics.map(|name| printed(&label["estimates"][name])));
        row
    });
    let wanted: Vec<Vec<String>> = wanted.collect();
    assert!(wanted.len() > 4);
    for format in ["latex", "markdown"] {
        let rows = read("results", format);
        let headings = [
            "Label",
            "n",
            "Positives",
            "AUROC",
            "AUPRC",
            "Sensitivity",
            "Specificity",
            "PPV",
        ];
        assert_eq!(rows[0], headings, "{format}");
        assert_eq!(rows[1..=wanted.len()], wanted, "{format}");
        assert_eq!(
            rows.len(),
            wanted.len() + 2,
            "{format}: a row a label, and the mean"
        );
    }
    // Signs that LaTeX has commands for arrive as they are.
    let cohort = read("cohort", "markdown");
    assert!(
        cohort.iter().any(|row| row.contains(&"≥75".to_owned())),
        "{cohort:?}"
    );
    assert_eq!(read("cohort", "latex"), cohort);
}
