//! Where segments are written, and where the tables say they are.

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::exams::Job;
use crate::process::Kept;
use crate::{Store, dataset, mat};
use ecgfm_artifacts::formats::npy::Flusher;
use ecgfm_artifacts::formats::pages::PageBuffer;
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::recipe::recipe::Recipe;
use ecgfm_artifacts::recipe::trimmed::Trimmed;
use ecgfm_artifacts::segments::Segment;
use ecgfm_artifacts::store::{
    MAT_DIR, PACKED_DIR, PartFile, RawPart, Values, View, ViewRow, write_packed_index,
};
use ecgfm_artifacts::{Error as ArtifactError, key};
use std::io;
use std::path::{Path, PathBuf};

/// The store being written, by many workers at once, each at a part of its own.
pub(crate) enum Sink<'a> {
    Packed {
        dir: PathBuf,
        /// Leads and samples of a segment.
        shape: (usize, usize),
        values: Values,
        flusher: Flusher,
    },
    View {
        dir: PathBuf,
        recipe: &'a Recipe,
        catalog: &'a Catalog,
    },
    Mat {
        folders: mat::Folders,
        recipe: &'a Recipe,
    },
}

/// One part of the store.
pub(crate) enum PartSink<'a> {
    Packed(PartFile<'a>),
    View,
    Mat {
        folders: &'a mat::Folders,
        buffer: PageBuffer,
        recipe: &'a Recipe,
    },
}

impl<'a> Sink<'a> {
    /// Makes the store's directories in `out`.
    pub(crate) fn create(out: &Path, store: Store, recipe: &'a Recipe, catalog: &'a Catalog) -> Result<Self> {
        let values = match store {
            Store::Mat => {
                let folders = mat::Folders::create(out)?;
                return Ok(Self::Mat { folders, recipe });
            }
            Store::Packed16 => Values::Float16,
            Store::Packed | Store::View => Values::Float32,
        };
        let dir = out.join(PACKED_DIR);
        create_dir(&dir)?;
        if store == Store::View {
            catalog.check_direct()?;
            return Ok(Self::View { dir, recipe, catalog });
        }
        Ok(Self::Packed {
            flusher: Flusher::start().map_err(ArtifactError::io("write", &dir))?,
            dir,
            shape: (recipe.leads().len(), recipe.segment_samples()),
            values,
        })
    }

    /// Starts part `number`.
    pub(crate) fn part(&self, number: usize) -> Result<PartSink<'_>> {
        Ok(match self {
            Self::Packed {
                dir,
                shape,
                values,
                flusher,
            } => PartSink::Packed(PartFile::create(flusher, dir, number, *shape, *values)?),
            Self::View { .. } => PartSink::View,
            Self::Mat { folders, recipe } => PartSink::Mat {
                folders,
                buffer: PageBuffer::default(),
                recipe,
            },
        })
    }

    /// Whether what part `number` left, `segments` in number, is still there whole.
    pub(crate) fn is_whole(&self, number: usize, segments: usize) -> bool {
        match self {
            Self::Packed { dir, .. } => segments == 0 || PartFile::is_whole(dir, number, segments),
            Self::View { .. } | Self::Mat { .. } => true,
        }
    }

    /// The file of part `number`, where parts are files.
    pub(crate) fn part_file(&self, number: usize) -> Option<PathBuf> {
        match self {
            Self::Packed { dir, .. } => Some(PartFile::path(dir, number)),
            Self::View { .. } | Self::Mat { .. } => None,
        }
    }

    /// Waits until all parts are written.
    pub(crate) fn flush(self) -> Result<Flushed<'a>> {
        Ok(match self {
            Self::Packed { dir, flusher, .. } => {
                flusher.finish().map_err(ArtifactError::from)?;
                Flushed::Packed { dir }
            }
            Self::View { dir, recipe, catalog } => Flushed::View { dir, recipe, catalog },
            Self::Mat { .. } => Flushed::Mat,
        })
    }
}

/// A store whose parts are all written, and whose index is not.
pub(crate) enum Flushed<'a> {
    Packed {
        dir: PathBuf,
    },
    View {
        dir: PathBuf,
        recipe: &'a Recipe,
        catalog: &'a Catalog,
    },
    Mat,
}

impl Flushed<'_> {
    /// Writes the index: the kept exams of every part, in the order in which they were written.
    pub(crate) fn index(&self, parts: &[Vec<Kept>]) -> Result<()> {
        match self {
            Self::Packed { dir } => {
                let of_part = |(number, kept): (usize, &Vec<Kept>)| {
                    let names = kept.iter().flat_map(segment_names).collect::<Vec<_>>();
                    names
                        .into_iter()
                        .enumerate()
                        .map(move |(row, name)| (name, number, row))
                };
                Ok(write_packed_index(
                    dir,
                    parts.iter().enumerate().flat_map(of_part),
                )?)
            }
            Self::View { dir, recipe, catalog } => {
                let files = catalog.direct_parts().map(|(number, part, placement)| {
                    let shape = [part.rows(), part.samples(), part.leads()];
                    Ok((number, RawPart::new(part.path(), shape, placement)?))
                });
                let files: Vec<(usize, RawPart)> = files.collect::<Result<_>>()?;
                let (numbers, files): (Vec<usize>, Vec<RawPart>) = files.into_iter().unzip();
                let rows = parts.iter().flatten().flat_map(|kept| {
                    // Every part that holds an exam is in the list.
                    let part = numbers.binary_search(&kept.part).unwrap_or(usize::MAX);
                    let names = segment_names(kept).enumerate();
                    names.map(move |(cut, segment)| ViewRow {
                        segment,
                        part,
                        row: kept.hdf_ind,
                        cut,
                    })
                });
                Ok(View::new(recipe, files).write(dir, rows)?)
            }
            Self::Mat => Ok(()),
        }
    }
}

fn segment_names(kept: &Kept) -> impl Iterator<Item = String> + use<> {
    let save_file = dataset::save_file(kept.exam_id);
    (0..kept.segments).map(move |i| key::segment(&save_file, i))
}

impl PartSink<'_> {
    /// Stores the segments of one exam.
    pub(crate) fn put(&mut self, job: &Job, trimmed: Trimmed<'_>, quality: Quality) -> Result<()> {
        match self {
            Self::Packed(part) => {
                let count = trimmed.segment_count();
                Ok(part.append(count, |room| trimmed.write_segments(room))?)
            }
            Self::View => Ok(()),
            Self::Mat {
                folders,
                buffer,
                recipe,
            } => mat::write(folders, buffer, job, &trimmed.process(quality), recipe),
        }
    }

    /// The largest difference between a value and what is stored of it.
    pub(crate) fn largest_error(&self) -> f32 {
        match self {
            Self::Packed(part) => part.largest_error(),
            Self::View | Self::Mat { .. } => 0.0,
        }
    }

    /// Completes the part; `then` is called once it is written.
    pub(crate) fn finish(self, then: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<()> {
        match self {
            Self::Packed(part) => Ok(part.finish(then)?),
            Self::View => Ok(()),
            Self::Mat { folders, .. } => Ok(then().map_err(ArtifactError::io("write", folders.org()))?),
        }
    }
}

pub(crate) fn create_dir(dir: &Path) -> Result<()> {
    Ok(std::fs::create_dir_all(dir).map_err(ArtifactError::io("create", dir))?)
}

/// How the tables refer to what is in the stage's directory: absolute paths for a `mat` store, which other tools open;
/// paths relative to the directory above for any other, which can then be moved.
pub(crate) struct Home {
    prefix: String,
    store: Store,
}

impl Home {
    /// For the stage directory that will be at `home`.
    pub(crate) fn new(home: &Path, store: Store) -> Result<Self> {
        let path = if store == Store::Mat {
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
    pub(crate) fn org(&self, save_file: &str) -> String {
        format!("{}/{}/{save_file}", self.prefix, mat::ORG_DIR)
    }

    /// The rows of `segmented.csv`.
    pub(crate) fn segments<'a>(
        &self,
        kept: impl Iterator<Item = &'a Kept>,
        sample_size: usize,
    ) -> Vec<Segment> {
        let (dir, extension) = match self.store {
            Store::Mat => (MAT_DIR, ".mat"),
            Store::Packed | Store::Packed16 | Store::View => (PACKED_DIR, ""),
        };
        let of_exam = |k: &Kept| {
            let save_file = dataset::save_file(k.exam_id);
            segment_names(k).map(move |name| Segment {
                path: format!("{}/{dir}/{name}{extension}", self.prefix),
                save_file: save_file.clone(),
                sample_size,
            })
        };
        kept.flat_map(of_exam).collect()
    }
}
