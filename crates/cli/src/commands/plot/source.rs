//! Where the ECG is: in a part of an archive, a `.mat` file, or the archive that a run was made from.

use crate::args::PlotArgs;
use crate::errors::unusable;
use crate::results;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE};
use ecgfm_artifacts::table::{self, Column, Kind};
use ecgfm_artifacts::{key, records};
use ecgfm_formats::{code15, mat5};
use ecgfm_pipeline::{Error, ErrorKind, LockFile, StageRecord};
use ecgfm_recipe::strip::strip;
use ecgfm_report::paper::{Ecg, LEADS, SignalUnit};
use ecgfm_report::saliency_overlay;
use std::path::{Path, PathBuf};

/// Ids that are named when the one that was asked for is not there.
const NAMED: usize = 5;

/// An ECG and what must be said of it.
pub(super) struct Found {
    pub(super) ecg: Ecg,
    /// Whether its values are standard deviations.
    pub(super) standardized: bool,
    pub(super) notice: Option<String>,
}

fn bad(error: impl ToString) -> Error {
    Error::new(ErrorKind::BadInput, error.to_string())
}

/// Finds the ECG that is asked for.
pub(super) fn find(args: &PlotArgs) -> Result<Found, Error> {
    let path = &args.file;
    if path.is_dir() {
        return of_run(path, wanted(args)?);
    }
    match path.extension().and_then(|e| e.to_str()) {
        Some("hdf5" | "h5") => {
            let part = code15::PartReader::open(path).map_err(unusable)?;
            let id = wanted(args)?;
            let row = row_of(path, part.exam_ids(), id)?;
            Ok(raw(path, &part, row, id, args.rate)?)
        }
        Some("mat") => of_mat(path),
        _ => Err(bad(format!("{}: not an archive's .hdf5, a .mat file or a run", path.display()))
            .help("give a part such as exams_part0.hdf5 with --ecg EXAM_ID, a .mat file, or a run directory with --ecg ID")),
    }
}

fn wanted(args: &PlotArgs) -> Result<&str, Error> {
    args.ecg.as_deref().ok_or_else(|| {
        Error::new(ErrorKind::Config, format!("{}: which ECG?", args.file.display()))
            .help("name it: --ecg ID")
    })
}

/// The row of an exam in a part.
fn row_of(path: &Path, ids: &[i64], id: &str) -> Result<usize, Error> {
    let number: Option<i64> = id.parse().ok();
    if let Some(row) = number.and_then(|number| ids.iter().position(|have| *have == number)) {
        return Ok(row);
    }
    let mut near: Vec<i64> = ids.iter().copied().filter(|id| *id != 0).collect();
    near.sort_by_key(|have| number.map_or(0, |number| have.abs_diff(number)));
    let near: Vec<String> = near.iter().take(NAMED).map(ToString::to_string).collect();
    Err(bad(format!(
        "{}: no exam `{id}` among its {}",
        path.display(),
        ids.len()
    ))
    .help(format!("the nearest are {}", near.join(", "))))
}

/// A recording as the archive has it, without the zeros around it.
fn raw(path: &Path, part: &code15::PartReader, row: usize, id: &str, rate: f64) -> Result<Found, Error> {
    if part.leads() != LEADS.len() {
        let what = format!(
            "{}: {} leads; an ECG on paper has 12",
            path.display(),
            part.leads()
        );
        return Err(bad(what));
    }
    let mut values = vec![0.0; part.row_len()];
    part.read_row(row, &mut values).map_err(unusable)?;
    let kept = strip(&values, LEADS.len());
    let lead = |at: usize| {
        kept.clone()
            .map(|sample| values[sample * LEADS.len() + at])
            .collect()
    };
    Ok(Found {
        ecg: Ecg {
            record: id.to_owned(),
            leads: (0..LEADS.len()).map(lead).collect(),
            rate,
            unit: SignalUnit::NotStated,
            filters: "none".to_owned(),
            shades: Vec::new(),
            shades_meaning: String::new(),
        },
        standardized: false,
        notice: None,
    })
}

/// A `.mat` file of a run: `org/` holds the archive's values, the others hold standard deviations.
fn of_mat(path: &Path) -> Result<Found, Error> {
    let file = mat5::MatFile::read(path).map_err(unusable)?;
    let ((leads, samples), values) = file.f32_matrix("feats").map_err(unusable)?;
    if leads != LEADS.len() {
        return Err(bad(format!(
            "{}: {leads} leads; an ECG on paper has 12",
            path.display()
        )));
    }
    let rate = file.f64_scalar("curr_sample_rate").or_else(|_| {
        let rate = file.i64_scalar("curr_sample_rate");
        rate.map(|rate| rate as f64)
    });
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    Ok(Found {
        ecg: Ecg {
            record: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            leads: values.chunks_exact(samples.max(1)).map(<[f32]>::to_vec).collect(),
            rate: rate.map_err(unusable)?,
            unit: SignalUnit::NotStated,
            filters: "none stated".to_owned(),
            shades: Vec::new(),
            shades_meaning: String::new(),
        },
        standardized: folder != "org",
        notice: None,
    })
}

/// An ECG of a run by idx, exam or recording, out of the archive that the run was made from, with saliency where the run
/// has it.
fn of_run(dir: &Path, id: &str) -> Result<Found, Error> {
    let lock = LockFile::read(dir)?.ok_or_else(|| {
        bad(format!("{}: no lock.json; it is no run", dir.display()))
            .help("give <workdir>/<pipeline>/<profile>, as `ecgfm run` says it")
    })?;
    let of_kind = |kind: &str| lock.stages.iter().find(|(_, record)| record.kind == kind);
    let (stage, record) = of_kind("signals")
        .ok_or_else(|| bad(format!("{}: the run has no signals stage yet", dir.display())))?;
    let row = Row::find(&dir.join(stage).join(records::FILE), id)?;
    // A table says it; the archive's parts lie side by side.
    if Path::new(&row.trace_file).file_name() != Some(row.trace_file.as_ref()) {
        let what = format!(
            "{}: trace_file `{}` is no file name",
            records::FILE,
            row.trace_file.escape_debug()
        );
        return Err(bad(what).help("run the signals stage again"));
    }
    let path = raw_dir(dir, record)?.join(&row.trace_file);
    let part = code15::PartReader::open(&path).map_err(unusable)?;
    let at = row_of(&path, part.exam_ids(), &row.exam_id)?;
    let mut found = raw(&path, &part, at, key::stem(&row.save_file), row.rate)?;
    let seconds = record.parameters["segment_seconds"].as_f64().unwrap_or(5.0);
    if let Some((infer, _)) = of_kind("infer") {
        let stem = key::stem(&row.save_file);
        let infer = dir.join(infer);
        found.ecg.shades = saliency_overlay::spans_of_recording(&infer, stem, seconds).map_err(unusable)?;
        found.ecg.shades_meaning = saliency_overlay::describe(&infer).map_err(unusable)?.to_owned();
    }
    found.notice = results::notice_of(dir, |kind| of_kind(kind).map(|(name, _)| name.as_str()));
    Ok(found)
}

/// The archive's directory, as the run recorded it.
fn raw_dir(dir: &Path, record: &StageRecord) -> Result<PathBuf, Error> {
    match record.parameters["raw"].as_str() {
        Some(raw) => Ok(record.locate(dir, raw)),
        None => Err(bad(format!(
            "{}: the run does not say where its archive is",
            dir.display()
        ))),
    }
}

/// What a run's records say of one ECG.
struct Row {
    exam_id: String,
    trace_file: String,
    save_file: String,
    rate: f64,
}

impl Row {
    fn find(path: &Path, id: &str) -> Result<Self, Error> {
        let columns = [
            Column::new(IDX, Kind::Text),
            Column::new("exam_id", Kind::Text),
            Column::new("trace_file", Kind::Text),
            Column::new(SAVE_FILE, Kind::Text),
            Column::new("sample_rate", Kind::Text),
        ];
        let frame = table::read(path, &columns, table::Others::Ignore).map_err(unusable)?;
        let cell = |name: &str, row: usize| -> Result<String, Error> {
            let column = table::str_column(path, &frame, name).map_err(unusable)?;
            Ok(column.get(row).unwrap_or_default().to_owned())
        };
        // A recording's name, then an exam's number, then an idx: what is unlikely to be meant by another comes first.
        for name in [SAVE_FILE, "exam_id", IDX] {
            let column = table::str_column(path, &frame, name).map_err(unusable)?;
            let named = |value: &str| value == id || (name == SAVE_FILE && key::stem(value) == id);
            if let Some(row) = column.iter().position(|value| value.is_some_and(named)) {
                return Ok(Self {
                    exam_id: cell("exam_id", row)?,
                    trace_file: cell("trace_file", row)?,
                    save_file: cell(SAVE_FILE, row)?,
                    rate: cell("sample_rate", row)?.parse().map_err(unusable)?,
                });
            }
        }
        let exams: Vec<String> = (0..frame.height().min(NAMED))
            .map(|row| cell("exam_id", row))
            .collect::<Result<_, _>>()?;
        Err(bad(format!(
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
