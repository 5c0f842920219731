//! The archive that a run was made from, and the run's saliency: where an ECG of a run is drawn from.

use super::recording::{IDS_IN_ERROR, PlottedEcg, bad_input, ecg_to_draw, find_row, plot_recording};
use crate::commands::recording_files;
use crate::errors::unusable_file;
use crate::results;
use ecgfm_artifacts::columns::{EXAM_ID, HDF_IND, IDX, SAMPLE_RATE, SAVE_FILE, SOURCE, TRACE_FILE};
use ecgfm_artifacts::recipe::EcgFm;
use ecgfm_artifacts::recordings::{Recording, RecordingFile};
use ecgfm_artifacts::store::{PACKED_DIR, StoreInfo};
use ecgfm_artifacts::table::{self, Column, ColumnKind};
use ecgfm_artifacts::{key, records};
use ecgfm_pipeline::{Error, LockFile, StageRecord};
use ecgfm_report::model_segments::{ModelSegments, is_consecutive};
use ecgfm_report::paper::SignalUnit;
use ecgfm_report::saliency_overlay::SaliencyFiles;
use ecgfm_signals::{ArchivePlace, Params as SignalsParams};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Files of recordings that stay open: who looks at one ECG looks at others of its file.
const OPEN_FILES: usize = 4;

/// The archive or archives of a run.
pub(in crate::commands) struct RunArchive {
    dir: PathBuf,
    record: StageRecord,
    archives: Result<Vec<ArchivePlace>, String>,
    /// Seconds of a segment.
    seconds: f64,
    signals: PathBuf,
    /// The segments of recordings, where they follow each other.
    segments: Option<OnceLock<Result<ModelSegments, String>>>,
    infer: Option<PathBuf>,
    saliency: OnceLock<Result<SaliencyFiles, String>>,
    notice: Option<String>,
    files: Mutex<Vec<(PathBuf, Arc<dyn RecordingFile>)>>,
}

/// Reads the record of a directory that must be a run's.
///
/// # Errors
/// It is none, or cannot be read.
pub(in crate::commands) fn read_lock(dir: &Path) -> Result<LockFile, Error> {
    LockFile::read(dir)?.ok_or_else(|| {
        bad_input(format!("{}: no lock.json; it is no run", dir.display()))
            .help("give <workdir>/<pipeline>/<profile>, as `ecgfm run` says it")
    })
}

/// Name and record of the stage signals of a run.
///
/// # Errors
/// The run has none yet.
pub(in crate::commands) fn signals_stage<'a>(
    dir: &Path,
    lock: &'a LockFile,
) -> Result<(&'a String, &'a StageRecord), Error> {
    let found = lock.stages.iter().find(|(_, record)| record.kind == "signals");
    found.ok_or_else(|| bad_input(format!("{}: the run has no signals stage yet", dir.display())))
}

impl RunArchive {
    /// Opens what the run in `dir` was made from.
    ///
    /// # Errors
    /// It is no run, or has no signals yet.
    pub(in crate::commands) fn open(dir: &Path) -> Result<Self, Error> {
        let lock = read_lock(dir)?;
        let of_kind = |kind: &str| lock.stages.iter().find(|(_, record)| record.kind == kind);
        let (stage, record) = signals_stage(dir, &lock)?;
        let about = StoreInfo::read(&dir.join(stage).join(PACKED_DIR)).ok().flatten();
        let consecutive = about.as_ref().is_none_or(is_consecutive);
        let seconds = about.and_then(|about| about.segment_seconds);
        let seconds = seconds.or(record.parameters["segment_seconds"].as_f64());
        let params: Result<SignalsParams, _> = serde_json::from_value(record.parameters.clone());
        let archives = params.map_err(|error| error.to_string());
        Ok(Self {
            archives: archives.and_then(|params| params.archives().map_err(|error| error.to_string())),
            seconds: seconds.unwrap_or(EcgFm::SEGMENT_SECONDS),
            infer: of_kind("infer").map(|(infer, _)| dir.join(infer)),
            signals: dir.join(stage),
            segments: consecutive.then(OnceLock::new),
            saliency: OnceLock::new(),
            notice: results::notice_of(dir, |kind| of_kind(kind).map(|(name, _)| name.as_str())),
            files: Mutex::new(Vec::new()),
            record: record.clone(),
            dir: dir.to_owned(),
        })
    }

    /// The same, with the saliency of the stage in that directory: a run may have several models.
    pub(in crate::commands) fn with_saliency_of(self, infer: Option<PathBuf>) -> Self {
        Self { infer, ..self }
    }

    /// Notice to every reader of the run's results.
    pub(in crate::commands) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Reads what is read once for all drawings, so that the first need not wait for it. What cannot be read is told with a drawing.
    pub(in crate::commands) fn prepare(&self) {
        self.segments();
        self.saliency();
    }

    fn segments(&self) -> Option<&Result<ModelSegments, String>> {
        let read = || ModelSegments::read(&self.signals).map_err(|e| e.to_string());
        Some(self.segments.as_ref()?.get_or_init(read))
    }

    fn saliency(&self) -> Option<&Result<SaliencyFiles, String>> {
        let infer = self.infer.as_ref()?;
        let open = || SaliencyFiles::open(infer).map_err(|e| e.to_string());
        Some(self.saliency.get_or_init(open))
    }

    /// An ECG that the run kept, with saliency where the run has it.
    ///
    /// # Errors
    /// The recording cannot be read or arranged.
    pub(in crate::commands) fn plot(&self, row: &RunRecord) -> Result<PlottedEcg, Error> {
        let file = self.file(&row.source, &row.trace_file)?;
        let mut recording = Recording::default();
        file.read(row.row, &mut recording).map_err(unusable_file)?;
        recording.sample_rate = row.rate;
        let zero_padded = recording_files::is_hdf5(file.as_ref());
        let stem = key::stem(&row.save_file);
        let mut ecg = ecg_to_draw(recording, stem, zero_padded)?;
        if zero_padded {
            // CODE-15 does not state the unit of its values; so below.
            ecg.unit = SignalUnit::NotStated;
        }
        if let Some(segments) = self.segments() {
            let segments = segments.as_ref().map_err(bad_input)?;
            ecg.segments = segments.of_recording(&row.save_file, self.seconds);
        }
        if let Some(saliency) = self.saliency() {
            let saliency = saliency.as_ref().map_err(bad_input)?;
            ecg.shades = saliency
                .spans_of_recording(stem, self.seconds)
                .map_err(unusable_file)?;
            ecg.shades_meaning = saliency.meaning().to_owned();
        }
        Ok(PlottedEcg {
            ecg,
            standardized: false,
            notice: self.notice.clone(),
        })
    }

    /// An exam that the run set aside, as its file has it.
    ///
    /// # Errors
    /// The file cannot be read, or does not have the exam.
    pub(in crate::commands) fn plot_set_aside(
        &self,
        exam_id: &str,
        trace_file: &str,
        source: &str,
    ) -> Result<PlottedEcg, Error> {
        let file = self.file(source, trace_file)?;
        let mut recording = Recording::default();
        let row = find_row(file.as_ref(), exam_id)?;
        file.read(row, &mut recording).map_err(unusable_file)?;
        let mut found = plot_recording(file.as_ref(), recording, exam_id)?;
        if recording_files::is_hdf5(file.as_ref()) {
            found.ecg.unit = SignalUnit::NotStated;
        }
        found.notice.clone_from(&self.notice);
        Ok(found)
    }

    /// A file of the archive of that name, which stays open.
    fn file(&self, source: &str, trace_file: &str) -> Result<Arc<dyn RecordingFile>, Error> {
        let archive = self.archive_of(source)?;
        // A table says it, and must not lead out of the archive.
        if !archive.dataset.is_inside(trace_file) {
            let what = format!(
                "{}: trace_file `{}` is no file of the archive",
                records::FILE,
                trace_file.escape_debug()
            );
            return Err(bad_input(what).help("run the signals stage again"));
        }
        let raw = self.record.locate(&self.dir, &archive.raw.to_string_lossy());
        let name = raw.join(trace_file);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = files.iter().find(|(open, _)| *open == name) {
            return Ok(Arc::clone(file));
        }
        let opened = archive
            .dataset
            .open_file(&raw, trace_file)
            .map_err(unusable_file)?;
        let file: Arc<dyn RecordingFile> = Arc::from(opened);
        files.insert(0, (name, Arc::clone(&file)));
        files.truncate(OPEN_FILES);
        Ok(file)
    }

    /// The archive that an ECG is of, by the name of its source.
    fn archive_of(&self, source: &str) -> Result<&ArchivePlace, Error> {
        let unusable = |why: &str| {
            bad_input(format!(
                "{}: the run does not say where its archive is: {why}",
                self.dir.display()
            ))
        };
        let archives = self.archives.as_ref().map_err(|why| unusable(why))?;
        let found = match &archives[..] {
            [only] => Some(only),
            several => several.iter().find(|archive| archive.name == source),
        };
        found.ok_or_else(|| unusable(&format!("none of its sources is `{source}`")))
    }
}

/// Row of a run's records for one ECG.
pub(in crate::commands) struct RunRecord {
    pub(in crate::commands) trace_file: String,
    pub(in crate::commands) save_file: String,
    /// Name of the archive.
    pub(in crate::commands) source: String,
    /// Row of the recording in its file.
    pub(in crate::commands) row: usize,
    pub(in crate::commands) rate: f64,
}

impl RunRecord {
    /// The row of an ECG of the run in `dir`, by idx, exam or recording.
    ///
    /// # Errors
    /// The run has no signals, or no such ECG.
    pub(super) fn find(dir: &Path, id: &str) -> Result<Self, Error> {
        let lock = read_lock(dir)?;
        let (stage, _) = signals_stage(dir, &lock)?;
        Self::find_in(&dir.join(stage).join(records::FILE), id)
    }

    fn find_in(path: &Path, id: &str) -> Result<Self, Error> {
        let columns = [
            Column::new(IDX, ColumnKind::Text),
            Column::new(EXAM_ID, ColumnKind::Text),
            Column::new(TRACE_FILE, ColumnKind::Text),
            Column::new(SAVE_FILE, ColumnKind::Text),
            Column::new(SOURCE, ColumnKind::Text),
            Column::new(SAMPLE_RATE, ColumnKind::Text),
            Column::new(HDF_IND, ColumnKind::Text),
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
                    rate: cell(SAMPLE_RATE, row)?.parse().map_err(unusable_file)?,
                    row: cell(HDF_IND, row)?.parse().map_err(unusable_file)?,
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
