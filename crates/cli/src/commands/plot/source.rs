//! Reads the ECG to plot: from a file of recordings, a `.mat` file, or the archive that a run was made from.

use super::recording::{PlottedEcg, bad_input, find_row, plot_recording};
use super::run_archive::{RunArchive, RunRecord};
use crate::args::PlotArgs;
use crate::commands::recording_files;
use crate::errors::{file_error, unusable_file};
use ecgfm_artifacts::recordings::RecordingFile;
use ecgfm_formats::mat5;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_report::paper::{Ecg, LEADS, SignalUnit};
use ecgfm_system::presence::is_dir;
use std::path::Path;

/// Finds the ECG that is asked for.
pub(super) fn find_ecg(args: &PlotArgs) -> Result<PlottedEcg, Error> {
    let path = &args.file;
    if is_dir(path).map_err(|e| file_error("read", path, &e))? {
        let id = required_id(args)?;
        return RunArchive::open(path)?.plot(&RunRecord::find(path, id)?);
    }
    if let Some(file) = recording_files::open_file(path, &args.encoding) {
        return read_from_file(file?.as_ref(), args);
    }
    match path.extension().and_then(|e| e.to_str()) {
        Some("mat") => read_mat(path),
        _ => Err(recording_files::unknown_format(path)),
    }
}

/// Returns the id after `--ecg`.
fn required_id(args: &PlotArgs) -> Result<&str, Error> {
    args.ecg.as_deref().ok_or_else(|| {
        Error::new(ErrorKind::Config, format!("{}: which ECG?", args.file.display()))
            .help("name it: --ecg ID")
    })
}

/// Reads a recording as its file has it.
fn read_from_file(file: &dyn RecordingFile, args: &PlotArgs) -> Result<PlottedEcg, Error> {
    let rows = file.exam_ids().len();
    let (row, record) = match &args.ecg {
        None if rows == 1 => (0, recording_files::stem(file.path())),
        _ => {
            let id = required_id(args)?;
            (find_row(file, id)?, id.to_owned())
        }
    };
    let recording = recording_files::read_recording(file, row, &args.encoding)?;
    plot_recording(file, recording, &record)
}

/// Reads a `.mat` file of a run: `org/` holds the archive's values, the others hold standard deviations.
pub(in crate::commands) fn read_mat(path: &Path) -> Result<PlottedEcg, Error> {
    let file = mat5::MatFile::read(path).map_err(unusable_file)?;
    let ((leads, samples), values) = file.f32_matrix("feats").map_err(unusable_file)?;
    if leads != LEADS.len() {
        return Err(bad_input(format!(
            "{}: {leads} leads; an ECG on paper has 12",
            path.display()
        )));
    }
    let rate = file.f64_scalar("curr_sample_rate").or_else(|_| {
        let rate = file.i64_scalar("curr_sample_rate");
        rate.map(|rate| rate as f64)
    });
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    Ok(PlottedEcg {
        ecg: Ecg {
            record: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            leads: values.chunks_exact(samples.max(1)).map(<[f32]>::to_vec).collect(),
            rate: rate.map_err(unusable_file)?,
            unit: SignalUnit::NotStated,
            filters: "none stated".to_owned(),
            segments: Vec::new(),
            shades: Vec::new(),
            shades_meaning: String::new(),
            notes: Vec::new(),
        },
        standardized: folder != "org",
        notice: None,
    })
}
