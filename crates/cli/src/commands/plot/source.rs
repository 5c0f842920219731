//! Reads the ECG to plot: from a file of recordings, a `.mat` file, or the archive that a run was made from.

use super::recording::ecg_to_draw;
use crate::args::PlotArgs;
use crate::commands::recording_files;
use crate::errors::{file_error, unusable_file};
use crate::results;
use ecgfm_artifacts::columns::{EXAM_ID, IDX, SAVE_FILE, SOURCE, TRACE_FILE};
use ecgfm_artifacts::recipe::EcgFm;
use ecgfm_artifacts::recordings::{Recording, RecordingFile};
use ecgfm_artifacts::store::{PACKED_DIR, StoreInfo};
use ecgfm_artifacts::table::{self, Column, ColumnKind};
use ecgfm_artifacts::{key, records};
use ecgfm_formats::mat5;
use ecgfm_pipeline::{Error, ErrorKind, LockFile, StageRecord};
use ecgfm_report::model_segments::{is_consecutive, segments_of_recording};
use ecgfm_report::paper::{Ecg, LEADS, SignalUnit};
use ecgfm_report::saliency_overlay;
use ecgfm_signals::{ArchivePlace, Params as SignalsParams};
use ecgfm_system::presence::is_dir;
use std::path::Path;

/// Number of ids that an error names when the one that was asked for is not there.
const IDS_IN_ERROR: usize = 5;

/// ECG to plot, with its caveats.
pub(in crate::commands) struct PlottedEcg {
    pub(in crate::commands) ecg: Ecg,
    /// Set where its values are standard deviations.
    pub(super) standardized: bool,
    pub(super) notice: Option<String>,
}

fn bad_input(error: impl ToString) -> Error {
    Error::new(ErrorKind::BadInput, error.to_string())
}

/// Finds the ECG that is asked for.
pub(super) fn find_ecg(args: &PlotArgs) -> Result<PlottedEcg, Error> {
    let path = &args.file;
    if is_dir(path).map_err(|e| file_error("read", path, &e))? {
        return read_from_run(path, required_id(args)?);
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

/// Row of an exam in a file.
fn find_row(file: &dyn RecordingFile, id: &str) -> Result<usize, Error> {
    let (path, ids) = (file.path().display(), file.exam_ids());
    let number: Option<i64> = id.parse().ok();
    let is_wanted = |have: &String| have == id || (number.is_some() && have.parse().ok() == number);
    if let Some(row) = ids.iter().position(|have| have.as_ref().is_some_and(is_wanted)) {
        return Ok(row);
    }
    let mut near: Vec<&String> = ids.iter().flatten().collect();
    let distance = |have: &&String| Some(number?.abs_diff(have.parse().ok()?));
    near.sort_by_key(|have| distance(have).unwrap_or_default());
    let near: Vec<&str> = near.into_iter().take(IDS_IN_ERROR).map(String::as_str).collect();
    Err(
        bad_input(format!("{path}: no exam `{id}` among its {}", ids.len()))
            .help(format!("the nearest are {}", near.join(", "))),
    )
}

/// Samples a second of CODE-15's files, which do not state it.
pub(in crate::commands) const CODE15_RATE: f64 = 400.0;

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
    let mut recording = recording_files::read_recording(file, row, &args.encoding)?;
    let rate_is_assumed = recording.sample_rate == 0.0;
    if rate_is_assumed {
        recording.sample_rate = CODE15_RATE;
    }
    let mut ecg = ecg_to_draw(recording, &record, recording_files::is_hdf5(file))?;
    if rate_is_assumed {
        let note = format!("rate not stated by the file: drawn at CODE-15's {CODE15_RATE} Hz");
        ecg.notes.insert(0, note);
    }
    Ok(PlottedEcg {
        ecg,
        standardized: false,
        notice: None,
    })
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

/// Reads an ECG of a run by idx, exam or recording, out of the archive that the run was made from, with saliency where the run
/// has it.
fn read_from_run(dir: &Path, id: &str) -> Result<PlottedEcg, Error> {
    let lock = LockFile::read(dir)?.ok_or_else(|| {
        bad_input(format!("{}: no lock.json; it is no run", dir.display()))
            .help("give <workdir>/<pipeline>/<profile>, as `ecgfm run` says it")
    })?;
    let of_kind = |kind: &str| lock.stages.iter().find(|(_, record)| record.kind == kind);
    let (stage, record) = of_kind("signals")
        .ok_or_else(|| bad_input(format!("{}: the run has no signals stage yet", dir.display())))?;
    let row = EcgRecord::find(&dir.join(stage).join(records::FILE), id)?;
    let archive = archive_of(dir, record, &row.source)?;
    let dataset = archive.dataset;
    // A table says it, and must not lead out of the archive.
    if !dataset.is_inside(&row.trace_file) {
        let what = format!(
            "{}: trace_file `{}` is no file of the archive",
            records::FILE,
            row.trace_file.escape_debug()
        );
        return Err(bad_input(what).help("run the signals stage again"));
    }
    let file = dataset
        .open_file(
            &record.locate(dir, &archive.raw.to_string_lossy()),
            &row.trace_file,
        )
        .map_err(unusable_file)?;
    let mut recording = Recording::default();
    file.read(row.row, &mut recording).map_err(unusable_file)?;
    recording.sample_rate = row.rate;
    let zero_padded = recording_files::is_hdf5(file.as_ref());
    let mut ecg = ecg_to_draw(recording, key::stem(&row.save_file), zero_padded)?;
    if zero_padded {
        // CODE-15 does not state the unit of its values.
        ecg.unit = SignalUnit::NotStated;
    }
    let about = StoreInfo::read(&dir.join(stage).join(PACKED_DIR)).ok().flatten();
    let consecutive = about.as_ref().is_none_or(is_consecutive);
    let seconds = about.and_then(|about| about.segment_seconds);
    let seconds = seconds.or(record.parameters["segment_seconds"].as_f64());
    let seconds = seconds.unwrap_or(EcgFm::SEGMENT_SECONDS);
    if consecutive {
        ecg.segments =
            segments_of_recording(&dir.join(stage), &row.save_file, seconds).map_err(unusable_file)?;
    }
    if let Some((infer, _)) = of_kind("infer") {
        let stem = key::stem(&row.save_file);
        let infer = dir.join(infer);
        ecg.shades = saliency_overlay::spans_of_recording(&infer, stem, seconds).map_err(unusable_file)?;
        ecg.shades_meaning = saliency_overlay::describe_shades(&infer)
            .map_err(unusable_file)?
            .to_owned();
    }
    Ok(PlottedEcg {
        ecg,
        standardized: false,
        notice: results::notice_of(dir, |kind| of_kind(kind).map(|(name, _)| name.as_str())),
    })
}

/// The archive of a run that an ECG is of, by the name of its source.
fn archive_of(dir: &Path, record: &StageRecord, source: &str) -> Result<ArchivePlace, Error> {
    let unusable = |why: String| {
        bad_input(format!(
            "{}: the run does not say where its archive is: {why}",
            dir.display()
        ))
    };
    let params: SignalsParams =
        serde_json::from_value(record.parameters.clone()).map_err(|error| unusable(error.to_string()))?;
    let mut archives = params.archives().map_err(|error| unusable(error.to_string()))?;
    let found = match archives.len() {
        1 => Some(0),
        _ => archives.iter().position(|archive| archive.name == source),
    };
    match found {
        Some(number) => Ok(archives.swap_remove(number)),
        None => Err(unusable(format!("none of its sources is `{source}`"))),
    }
}

/// Row of a run's records for one ECG.
struct EcgRecord {
    trace_file: String,
    save_file: String,
    /// Name of the archive.
    source: String,
    /// Row of the recording in its file.
    row: usize,
    rate: f64,
}

impl EcgRecord {
    fn find(path: &Path, id: &str) -> Result<Self, Error> {
        let columns = [
            Column::new(IDX, ColumnKind::Text),
            Column::new(EXAM_ID, ColumnKind::Text),
            Column::new(TRACE_FILE, ColumnKind::Text),
            Column::new(SAVE_FILE, ColumnKind::Text),
            Column::new(SOURCE, ColumnKind::Text),
            Column::new("sample_rate", ColumnKind::Text),
            Column::new("hdf_ind", ColumnKind::Text),
        ];
        let frame = table::read(path, &columns, table::OtherColumns::Ignore).map_err(unusable_file)?;
        let cell = |name: &str, row: usize| -> Result<String, Error> {
            let column = table::str_column(path, &frame, name).map_err(unusable_file)?;
            Ok(column.get(row).unwrap_or_default().to_owned())
        };
        // A recording's name, then an exam's number, then an idx: what is unlikely to be meant by another comes first.
        for name in [SAVE_FILE, EXAM_ID, IDX] {
            let column = table::str_column(path, &frame, name).map_err(unusable_file)?;
            let named = |value: &str| value == id || (name == SAVE_FILE && key::stem(value) == id);
            if let Some(row) = column.iter().position(|value| value.is_some_and(named)) {
                return Ok(Self {
                    trace_file: cell(TRACE_FILE, row)?,
                    save_file: cell(SAVE_FILE, row)?,
                    source: cell(SOURCE, row)?,
                    rate: cell("sample_rate", row)?.parse().map_err(unusable_file)?,
                    row: cell("hdf_ind", row)?.parse().map_err(unusable_file)?,
                });
            }
        }
        let exams: Vec<String> = (0..frame.height().min(IDS_IN_ERROR))
            .map(|row| cell(EXAM_ID, row))
            .collect::<Result<_, _>>()?;
        Err(bad_input(format!(
            "{}: no ECG `{id}` among its {}",
            path.display(),
            frame.height()
        ))
        .help(format!(
            "name an exam, a recording or an idx; the first exams are {}",
            exams.join(", ")
        )))
    }
}
