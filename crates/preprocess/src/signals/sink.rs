//! Where segments are written, and where the tables say they are.

use super::process::Kept;
use super::{Store, dataset, mat};
use crate::error::{Error, Result};
use ecgfm_artifacts::segments::Segment;
use ecgfm_artifacts::signal::recipe::Recipe;
use ecgfm_artifacts::store::{MAT_DIR, PACKED_DIR, PackedWriter};
use ecgfm_artifacts::{Error as ArtifactError, key};
use std::path::Path;

/// Values of one segment: leads × samples.
pub(super) fn segment_values(recipe: &Recipe) -> usize {
    recipe.leads().len() * recipe.segment_samples()
}

/// The store being written.
pub(super) enum Sink {
    /// Segments are handed over and written here, in order.
    Packed {
        writer: PackedWriter,
        /// Values of a segment.
        size: usize,
    },
    /// Workers write into these.
    Mat(mat::Folders),
}

impl Sink {
    /// Makes the store's directories in `out`.
    pub(super) fn create(out: &Path, store: Store, recipe: &Recipe) -> Result<Self> {
        if store.is_mat() {
            return Ok(Self::Mat(mat::Folders::create(out)?));
        }
        let dir = out.join(PACKED_DIR);
        create_dir(&dir)?;
        let writer = PackedWriter::new(&dir, recipe.leads().len(), recipe.segment_samples());
        Ok(Self::Packed {
            writer,
            size: segment_values(recipe),
        })
    }

    /// Where workers write, if they do.
    pub(super) fn folders(&self) -> Option<mat::Folders> {
        match self {
            Self::Packed { .. } => None,
            Self::Mat(folders) => Some(folders.clone()),
        }
    }

    /// Appends the segments of a batch.
    pub(super) fn write(&mut self, batch: &[(Kept, Vec<f32>)]) -> Result<()> {
        let Self::Packed { writer, size } = self else {
            return Ok(());
        };
        for (kept, packed) in batch {
            let save_file = dataset::save_file(kept.exam_id);
            for (i, segment) in packed.chunks_exact(*size).enumerate() {
                writer.push(&key::segment(&save_file, i), segment)?;
            }
        }
        Ok(())
    }

    /// Completes the store.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Packed { writer, .. } => Ok(writer.finish()?),
            Self::Mat(_) => Ok(()),
        }
    }
}

pub(super) fn create_dir(dir: &Path) -> Result<()> {
    Ok(std::fs::create_dir_all(dir).map_err(ArtifactError::io("create", dir))?)
}

/// How the tables refer to what is in the stage's directory: absolute paths for a `mat` store, which other tools open;
/// paths relative to the directory above for a packed one, which can then be moved.
pub(super) struct Home {
    prefix: String,
    store: Store,
}

impl Home {
    /// For the stage directory that will be at `home`.
    pub(super) fn new(home: &Path, store: Store) -> Result<Self> {
        let path = if store.is_mat() {
            std::path::absolute(home).map_err(ArtifactError::io("resolve", home))?
        } else {
            home.file_name()
                .map_or_else(|| Path::new("signals"), Path::new)
                .to_owned()
        };
        let text = path.to_str().ok_or_else(|| {
            let what = "the path is not valid UTF-8, and tables cannot hold it; use another run directory";
            Error::bad_input(&path, what)
        })?;
        Ok(Self {
            prefix: text.trim_end_matches('/').to_owned(),
            store,
        })
    }

    /// The path of a recording's own `.mat` file, or where it would be.
    pub(super) fn org(&self, save_file: &str) -> String {
        format!("{}/{}/{save_file}", self.prefix, mat::ORG_DIR)
    }

    /// The rows of `segmented.csv`.
    pub(super) fn segments(&self, kept: &[Kept], sample_size: usize) -> Vec<Segment> {
        let (dir, extension) = if self.store.is_mat() {
            (MAT_DIR, ".mat")
        } else {
            (PACKED_DIR, "")
        };
        let of_exam = |k: &Kept| {
            let save_file = dataset::save_file(k.exam_id);
            (0..k.segments).map(move |i| {
                let path = format!("{}/{dir}/{}{extension}", self.prefix, key::segment(&save_file, i));
                Segment {
                    path,
                    save_file: save_file.clone(),
                    sample_size,
                }
            })
        };
        kept.iter().flat_map(of_exam).collect()
    }
}
