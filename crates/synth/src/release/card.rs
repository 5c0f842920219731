//! SYNTHETIC.md and synth.json: a clear statement that the ECGs are synthetic, and the options that make them again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::context::{ReleaseSummary, io_error};
use crate::error::Error;
use crate::exam::UNITS_PER_MILLIVOLT;
use crate::options::SynthOptions;

const STATEMENT: &str = "SYNTHETIC DATA. These ECGs were computed. No patient was recorded, every name and number of \
                         a patient is made up, and no result obtained on them says anything about patients.";

/// Writes both files, synth.json last, because it marks the release as finished.
pub(super) fn write_cards(options: &SynthOptions, summary: &ReleaseSummary, out: &Path) -> Result<(), Error> {
    let path = out.join("SYNTHETIC.md");
    fs::write(&path, card_text(options, summary)).map_err(io_error(&path))?;
    let path = out.join("synth.json");
    let record = json!({
        "synthetic": true,
        "statement": STATEMENT,
        "generator": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "sample_rate": crate::SAMPLE_RATE,
        "units_per_millivolt": UNITS_PER_MILLIVOLT,
        "options": options,
        "counts": summary,
    });
    fs::write(&path, format!("{record:#}\n")).map_err(io_error(&path))
}

fn card_text(options: &SynthOptions, summary: &ReleaseSummary) -> String {
    let mut text = format!(
        "# SYNTHETIC ECGs: not patients\n\n**{STATEMENT}**\n\n\
         Shaped like CODE-15%, which it is not. Made by {} {} from seed {}; the same options in synth.json give \
         the same bytes.\n\n\
         {} exams of {} patients in {} parts; {} rows in exams.csv, {} tracings (dummy rows included).\n\n\
         | label | exams | share |\n|---|---|---|\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        options.seed,
        summary.exams,
        summary.patients,
        summary.parts,
        summary.rows,
        summary.tracings,
    );
    // Writing to a string cannot fail.
    for (label, count) in &summary.labels {
        let _ = writeln!(
            text,
            "| {label} | {count} | {:.4} |",
            *count as f64 / summary.exams as f64
        );
    }
    let _ = write!(text, "\nPlanted faults (each exam in faults.csv): ");
    if summary.faults.is_empty() {
        text.push_str("none");
    }
    for (i, (fault, count)) in summary.faults.iter().enumerate() {
        let _ = write!(text, "{}{fault} {count}", if i == 0 { "" } else { ", " });
    }
    text.push_str(
        ".\n\nsynth_truth.csv holds the true rate, intervals, axis, findings and R peaks of every exam by \
         exam_id. They hold for the ECG before a fault was planted.\n",
    );
    text
}
