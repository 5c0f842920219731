//! Drawings of the ECGs with their predictions.

use super::inputs::{InputFiles, SegmentFiles};
use super::ranking::caption;
use super::results::{EcgPrediction, PredictionResults};
use super::user_paths::bad_input;
use crate::args::{EncodingArgs, PredictArgs};
use crate::commands::plot::recording::CODE15_RATE;
use crate::commands::plot::recording::ecg_to_draw;
use crate::commands::plot::source::read_mat;
use crate::commands::recording_files::{is_hdf5, read_recording, require_file, unique_name};
use crate::errors::file_error;
use ecgfm_artifacts::notices;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recordings::BoxedFile;
use ecgfm_report::paper::{Ecg, PaperScale, SignalUnit, draw_ecg};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Directory of drawings that is being filled.
pub(super) struct DrawingDirectory<'a> {
    path: &'a Path,
    encoding: &'a EncodingArgs,
    model: String,
    names: HashSet<String>,
    /// The file that was read last: one may hold many ECGs.
    open: Option<(PathBuf, BoxedFile)>,
}

impl<'a> DrawingDirectory<'a> {
    /// Makes the directory; none where no drawings are asked for.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn create(args: &'a PredictArgs) -> Result<Option<Self>, Error> {
        let Some(path) = args.plot.as_deref() else {
            return Ok(None);
        };
        std::fs::create_dir_all(path).map_err(|e| {
            let message = format!("cannot make the directory `{}`: {e}", path.display());
            Error::new(ErrorKind::Config, message).help("choose another directory for the drawings")
        })?;
        let model = args.model.file_name().unwrap_or(args.model.as_os_str());
        Ok(Some(Self {
            path,
            encoding: &args.encoding,
            model: model.to_string_lossy().into_owned(),
            names: HashSet::new(),
            open: None,
        }))
    }

    /// Draws the ECGs of a group, the predictions from `first` on.
    ///
    /// # Errors
    /// An ECG cannot be read again, or a drawing cannot be written.
    pub(super) fn draw_group(
        &mut self,
        results: &PredictionResults,
        first: usize,
        group: &InputFiles,
    ) -> Result<(), Error> {
        let notice = notices::join(&results.notices, "");
        for row in &results.rows[first..] {
            let mut ecg = match group {
                InputFiles::Segments { files, .. } => ecg_of_segments(files, &row.ecg)?,
                InputFiles::Parts { .. } | InputFiles::Recordings { .. } => self.ecg_of_recording(row)?,
            };
            ecg.notes.insert(0, caption(&results.labels, row, &self.model));
            let name = unique_name(&row.ecg, &mut self.names);
            let path = self.path.join(format!("{name}.svg"));
            let drawing = draw_ecg(&ecg, PaperScale::default(), "ecg");
            std::fs::write(&path, drawing.file(notice.as_deref()))
                .map_err(|e| file_error("write", &path, &e))?;
        }
        Ok(())
    }

    fn ecg_of_recording(&mut self, row: &EcgPrediction) -> Result<Ecg, Error> {
        let file = match self.open.take() {
            Some((path, file)) if path == row.file => file,
            _ => require_file(&row.file, self.encoding)?,
        };
        let ids = file.exam_ids();
        let number = match ids.len() {
            1 => Some(0),
            _ => ids.iter().position(|id| id.as_ref() == Some(&row.ecg)),
        };
        let number =
            number.ok_or_else(|| bad_input(format!("{}: no exam {}", row.file.display(), row.ecg)))?;
        let mut recording = read_recording(file.as_ref(), number, self.encoding)?;
        let zero_padded = is_hdf5(file.as_ref());
        if zero_padded {
            recording.sample_rate = CODE15_RATE;
        }
        self.open = Some((row.file.clone(), file));
        ecg_to_draw(recording, &row.ecg, zero_padded)
    }
}

/// The segments of a recording side by side.
fn ecg_of_segments(files: &SegmentFiles, recording: &str) -> Result<Ecg, Error> {
    let of_recording = files.iter().filter(|(_, (name, ..))| name == recording);
    let mut segments: Vec<(u64, &Path)> = of_recording
        .map(|(segment, (_, path, _))| {
            let number = segment.rsplit('_').next().and_then(|number| number.parse().ok());
            (number.unwrap_or_default(), path.as_path())
        })
        .collect();
    segments.sort_unstable();
    let mut whole: Option<Ecg> = None;
    for (_, path) in &segments {
        let segment = read_mat(path)?.ecg;
        match &mut whole {
            None => whole = Some(segment),
            Some(whole) => {
                for (lead, further) in whole.leads.iter_mut().zip(&segment.leads) {
                    lead.extend(further);
                }
            }
        }
    }
    let mut whole = whole.ok_or_else(|| bad_input(format!("{recording}: no segments")))?;
    let numbers: Vec<String> = segments.iter().map(|(number, _)| number.to_string()).collect();
    whole.record = recording.to_owned();
    whole.unit = SignalUnit::Standardized;
    whole
        .notes
        .push(format!("segments side by side: {}", numbers.join(", ")));
    Ok(whole)
}
