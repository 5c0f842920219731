//! SYNTHETIC.md and synth.json: a clear statement that the ECGs are synthetic, and the options that make them again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::context::{ReleaseSummary, io_error};
use crate::borderline::{TREMOR_AGE, TREMOR_NOISE};
use crate::error::Error;
use crate::exam::UNITS_PER_MILLIVOLT;
use crate::layout::{RATE_OF_FILES, ReleaseLayout};
use crate::options::SynthOptions;

const STATEMENT: &str = "SYNTHETIC DATA. These ECGs were computed. No patient was recorded, every name and number of \
                         a patient is made up, and no result obtained on them says anything about patients.";

/// Writes both files, synth.json last, because it marks the release as finished.
pub(super) fn write_cards(options: &SynthOptions, summary: &ReleaseSummary, out: &Path) -> Result<(), Error> {
    let path = out.join("SYNTHETIC.md");
    fs::write(&path, card_text(options, summary)).map_err(io_error(&path))?;
    let path = out.join("synth.json");
    let (rate, units) = match options.layout {
        ReleaseLayout::Code15 => (crate::SAMPLE_RATE, UNITS_PER_MILLIVOLT),
        _ => (RATE_OF_FILES, 1.0),
    };
    let record = json!({
        "synthetic": true,
        "statement": STATEMENT,
        "generator": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "sample_rate": rate,
        "units_per_millivolt": units,
        "options": options,
        "counts": summary,
    });
    fs::write(&path, format!("{record:#}\n")).map_err(io_error(&path))
}

const TRUTH_OF_FILES: &str = "\nsynth_truth.csv holds the true rate, intervals, axis, findings and R peaks of every exam by \
                              exam_id, the name of the exam in this archive. exams.csv lists exams, files and labels; no archive \
                              but one of the layouts folder and muse has it.\n";

/// Sentence that says how many files of what there are.
fn counts_text(layout: ReleaseLayout, summary: &ReleaseSummary) -> String {
    let of_patients = format!("{} exams of {} patients", summary.exams, summary.patients);
    let files = match layout {
        ReleaseLayout::Code15 => {
            return format!(
                "{of_patients} in {} parts; {} rows in exams.csv, {} tracings (dummy rows included).",
                summary.parts, summary.rows, summary.tracings
            );
        }
        ReleaseLayout::Ptbxl => {
            "WFDB records of 500 Hz in records500/ and of 100 Hz in records100/; ptbxl_database.csv"
        }
        ReleaseLayout::Physionet2021 => {
            "WFDB records in training/, of MATLAB files, with SNOMED CT codes in the comment Dx"
        }
        ReleaseLayout::MimicIvEcg => "WFDB records in files/; record_list.csv, machine_measurements.csv",
        ReleaseLayout::Folder => "WFDB records in wfdb/, tables in csv/, GE MUSE's XML in muse/",
        ReleaseLayout::Muse => "GE MUSE's XML in muse/",
    };
    format!("{of_patients}, each of 10 s at 500 Hz. {files}.")
}

/// Paragraph that says where labels do not follow from the measures; nothing without overlap.
fn overlap_text(overlap: f64) -> String {
    if overlap == 0.0 {
        return String::new();
    }
    let noisier = TREMOR_NOISE.powf(overlap);
    format!(
        "\nClasses overlap (`overlap` {overlap}): about a third of the exams of each class are drawn near a cut (58 or 100 beats a \
         minute, a PR of 200 ms, a QRS of 120 ms, low atrial waves and an RR that varies by a tenth), at `overlap` 1 some on its \
         wrong side, and keep their label. Noise differs between exams. **From {TREMOR_AGE} years on, tremor makes it {noisier:.1} \
         times that of others**, so that a model does worse there.\n"
    )
}

fn card_text(options: &SynthOptions, summary: &ReleaseSummary) -> String {
    let mut text = format!(
        "# SYNTHETIC ECGs: not patients\n\n**{STATEMENT}**\n\n\
         Shaped like {}, which it is not. Made by {} {} from seed {}; the same options in synth.json give \
         the same bytes.\n\n\
         {}\n\n\
         | label | exams | share |\n|---|---|---|\n",
        options.layout.title(),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        options.seed,
        counts_text(options.layout, summary),
    );
    // Writing to a string cannot fail.
    for (label, count) in &summary.labels {
        let _ = writeln!(
            text,
            "| {label} | {count} | {:.4} |",
            *count as f64 / summary.exams as f64
        );
    }
    text.push_str(&overlap_text(options.overlap));
    if options.layout != ReleaseLayout::Code15 {
        text.push_str(TRUTH_OF_FILES);
        return text;
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
