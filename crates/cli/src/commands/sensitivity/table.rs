//! What was found, as a table for people, as CSV and as JSON.

use super::change::{DepartureChange, LabelChange};
use super::found::{Sensitivity, about};
use crate::args::SensitivityArgs;
use ecgfm_artifacts::pandas::{Cell, RowWriter};
use serde_json::{Value, json};

/// Columns of the CSV.
const COLUMNS: [&str; 10] = [
    "departure",
    "label",
    "ecgs",
    "mean_change",
    "max_change",
    "flipped",
    "decisions",
    "truth",
    "auroc",
    "about",
];

/// The table for people.
pub(super) fn text(found: &Sensitivity) -> String {
    let with_auroc = found.changes.iter().any(|change| change.auroc.is_some());
    let mut rows = vec![["departure", "mean", "max", "flipped", "AUROC", ""].map(str::to_owned)];
    rows.extend(found.changes.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for [name, mean, max, flipped, auroc, about] in &rows {
        let [a, b, c, d, e, _] = widths;
        let auroc = if with_auroc {
            format!("  {auroc:>e$}")
        } else {
            String::new()
        };
        let line = format!("{name:a$}  {mean:>b$}  {max:>c$}  {flipped:>d$}{auroc}  {about}");
        text += line.trim_end();
        text += "\n";
    }
    let given = &found.changes[0];
    text += &format!(
        "\nmean, max: absolute change of a probability over {} ECGs and {} labels; flipped: decisions that change, of {}{}\n",
        given.ecgs,
        given.labels.len(),
        given.decisions,
        if with_auroc {
            format!(
                "; AUROC: mean over {} labels",
                given.aurocs.iter().filter(|(_, a)| a.is_some()).count()
            )
        } else {
            String::new()
        },
    );
    text
}

fn row(change: &DepartureChange) -> [String; 6] {
    let lost = match change.lost {
        0 => String::new(),
        lost => format!(" ({lost} ECGs without a prediction)"),
    };
    [
        change.name.replace('_', " "),
        format!("{:.4}", change.mean),
        format!("{:.3}", change.max),
        change.flipped.to_string(),
        change
            .auroc
            .map_or_else(|| "–".to_owned(), |auroc| format!("{auroc:.3}")),
        format!("{}{lost}", about(&change.name)),
    ]
}

/// A line a departure, then one a departure and label.
pub(super) fn csv(found: &Sensitivity) -> String {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = write_csv(&mut text, found);
    String::from_utf8(text).unwrap_or_default()
}

fn write_csv(out: &mut Vec<u8>, found: &Sensitivity) -> std::io::Result<()> {
    let mut table = RowWriter::new(out, COLUMNS)?;
    for change in &found.changes {
        table.cell(Cell::Text(&change.name));
        table.cell(Cell::Text(""));
        write_numbers(
            &mut table,
            change.ecgs,
            (change.mean, change.max),
            change.flipped,
            change.decisions,
        );
        table.cell(Cell::Text(""));
        write_auroc(&mut table, change.auroc);
        table.cell(Cell::Text(about(&change.name)));
        table.end_row()?;
    }
    for change in &found.changes {
        for label in &change.labels {
            table.cell(Cell::Text(&change.name));
            table.cell(Cell::Text(&label.label));
            write_numbers(
                &mut table,
                change.ecgs,
                (label.mean, label.max),
                label.flipped,
                change.ecgs,
            );
            table.cell(Cell::Text(label.truth.as_deref().unwrap_or_default()));
            write_auroc(&mut table, label.auroc);
            table.cell(Cell::Text(about(&change.name)));
            table.end_row()?;
        }
    }
    Ok(())
}

fn write_numbers<W: std::io::Write>(
    table: &mut RowWriter<W>,
    ecgs: usize,
    (mean, max): (f64, f64),
    flipped: usize,
    decisions: usize,
) {
    table.cell(Cell::Int(ecgs as i64));
    table.cell(Cell::Float(mean));
    table.cell(Cell::Float(max));
    table.cell(Cell::Int(flipped as i64));
    table.cell(Cell::Int(decisions as i64));
}

fn write_auroc<W: std::io::Write>(table: &mut RowWriter<W>, auroc: Option<f64>) {
    match auroc {
        Some(auroc) => table.cell(Cell::Float(auroc)),
        None => table.cell(Cell::Text("")),
    }
}

/// All of it.
pub(super) fn json(found: &Sensitivity, args: &SensitivityArgs) -> Value {
    let label = |label: &LabelChange| {
        json!({ "label": label.label, "mean_change": label.mean,
        "max_change": label.max, "flipped": label.flipped, "truth": label.truth, "auroc": label.auroc })
    };
    let change = |change: &DepartureChange| {
        let aurocs: serde_json::Map<String, Value> = change
            .aurocs
            .iter()
            .map(|(name, auroc)| (name.clone(), json!(auroc)))
            .collect();
        json!({ "departure": change.name, "about": about(&change.name), "ecgs": change.ecgs, "lost": change.lost,
            "mean_change": change.mean, "max_change": change.max, "flipped": change.flipped, "decisions": change.decisions,
            "auroc": change.auroc, "aurocs": aurocs, "labels": change.labels.iter().map(label).collect::<Vec<_>>() })
    };
    let left_out = found
        .left_out
        .iter()
        .map(|left| json!({ "departure": left.name, "why": left.why }));
    json!({
        "model": args.model,
        "archive": args.raw,
        "departures": found.changes.iter().map(change).collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
        "notices": found.notices,
    })
}
