//! Segments in `.mat` files, and the description of the stores that they come from.

use super::model_input::ExpectedInput;
use super::user_paths::{absolute_path, bad_input};
use crate::errors::unusable_file;
use ecgfm_artifacts::store::StoreInfo;
use ecgfm_artifacts::{key, manifests};
use ecgfm_formats::mat5;
use ecgfm_pipeline::Error;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A `.mat` file that holds a segment.
pub(super) struct SegmentFile {
    pub(super) name: String,
    /// Name without the segment's number.
    pub(super) recording: String,
    pub(super) samples: usize,
    /// The exam's number, where the file has it.
    pub(super) exam: Option<i64>,
}

impl SegmentFile {
    pub(super) fn read(path: &Path, model: &ExpectedInput) -> Result<Self, Error> {
        let refused = |what: String| {
            bad_input(format!("{}: {what}", path.display()))
                .help("give files of `segmented/`, as the signals stage names them, or the archive's .hdf5")
        };
        let file = mat5::MatFile::read(path).map_err(unusable_file)?;
        let ((_, samples), _) = file.f32_matrix("feats").map_err(unusable_file)?;
        let rate = file.f64_scalar("curr_sample_rate").map_err(unusable_file)?;
        if rate != f64::from(model.sample_rate) {
            let takes = model.sample_rate;
            return Err(refused(format!(
                "{rate} samples a second; the model takes {takes}"
            )));
        }
        let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
        let Some(save_file) = key::save_file(name).filter(|_| manifests::is_plain(name)) else {
            return Err(refused(
                "not named as segments are: RECORDING_0.mat, RECORDING_1.mat".to_owned(),
            ));
        };
        // The name alone does not tell: a whole recording ends in its exam's number.
        match file.i64_scalar("segment_i") {
            Ok(number) if name.ends_with(&format!("_{number}")) => {}
            Ok(number) => {
                return Err(refused(format!(
                    "segment {number} of a recording, but its name says otherwise"
                )));
            }
            Err(_) => {
                return Err(refused(
                    "not a segment: it has no `segment_i`, like a whole recording".to_owned(),
                ));
            }
        }
        Ok(Self {
            name: name.to_owned(),
            recording: key::stem(&save_file).to_owned(),
            samples,
            exam: file.i64_scalar("idx").ok(),
        })
    }
}

/// Writes the description of the stores that the files come from into `root`; the stores must agree.
pub(super) fn copy_store_info(files: &[PathBuf], root: &Path) -> Result<(), Error> {
    let stores: BTreeSet<PathBuf> = files
        .iter()
        .filter_map(|file| absolute_path(file).ok()?.parent().map(Path::to_owned))
        .collect();
    let mut whole: Option<(PathBuf, Option<StoreInfo>)> = None;
    for store in stores {
        let mut info = StoreInfo::read(&store).map_err(unusable_file)?;
        let Some((first, about)) = &mut whole else {
            whole = Some((store, info));
            continue;
        };
        // A notice on one store, such as that its ECGs are synthetic, holds for all.
        if let (Some(about), Some(info)) = (about.as_mut(), info.as_mut()) {
            about.notice = about.notice.take().or_else(|| info.notice.clone());
            info.notice.clone_from(&about.notice);
        }
        if info != *about {
            let what = format!(
                "segments of {} and of {} were prepared differently, or nothing records that they were prepared alike",
                first.display(),
                store.display()
            );
            return Err(bad_input(what).help("predict them one after the other"));
        }
    }
    let about = whole.and_then(|(_, about)| about);
    about.map_or(Ok(()), |about| about.write(root).map_err(unusable_file))
}
