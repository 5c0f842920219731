//! The segment store, written by many workers at once.

use crate::error::Result;
use crate::kept::KeptExam;
use crate::kept_exams::KeptExams;
use crate::mat;
use crate::measured::StoredSample;
use crate::params::Store;
use crate::table_paths::segment_names;
use crate::view::{check_view, write_view};
use ecgfm_archives::Archive;
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::chunks::{ChunkData, ChunkStore, PendingChunk, TemporaryPath, link_data};
use ecgfm_artifacts::formats::file_sum::FileSum;
use ecgfm_artifacts::formats::npy::Flusher;
use ecgfm_artifacts::formats::pages::PageBuffer;
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::recipe::steps::{ModelInput, SegmentRecipe};
use ecgfm_artifacts::recipe::trimmed::Trimmed;
use ecgfm_artifacts::recordings::MissingLeads;
use ecgfm_artifacts::store::{PACKED_DIR, PartFile, SampleType, write_packed_index};
use std::path::{Path, PathBuf};

/// Role of a part's segments in its chunk.
pub(crate) const DATA: &str = "segments";

/// What segments are made from, and how.
#[derive(Clone, Copy)]
pub(crate) struct SegmentSource<'a> {
    pub(crate) archive: &'a dyn Archive,
    pub(crate) missing_leads: MissingLeads,
    pub(crate) recipe: &'a SegmentRecipe,
}

/// The store being written, by many workers at once, each at a part of its own.
pub(crate) enum StoreWriter<'a> {
    Packed {
        dir: PathBuf,
        /// Rows and samples of a segment.
        shape: (usize, usize),
        values: SampleType,
        flusher: Flusher,
        archive: &'a dyn Archive,
    },
    View {
        dir: PathBuf,
        source: SegmentSource<'a>,
    },
    Mat {
        folders: mat::Folders,
        source: SegmentSource<'a>,
    },
}

/// One part of the store, under a temporary name in the directory of the chunks.
pub(crate) enum StorePartWriter<'a> {
    Packed {
        part: PartFile<'a>,
        path: TemporaryPath,
    },
    View,
    Mat {
        folders: mat::Folders,
        path: TemporaryPath,
        buffer: PageBuffer,
        sum: FileSum,
        source: SegmentSource<'a>,
    },
}

impl<'a> StoreWriter<'a> {
    /// Makes the store's directories in `out`.
    pub(crate) fn create(out: &Path, store: Store, source: SegmentSource<'a>) -> Result<Self> {
        let values = match store {
            Store::Mat => {
                let folders = mat::Folders::create(out)?;
                return Ok(Self::Mat { folders, source });
            }
            Store::Packed16 => SampleType::Float16,
            Store::Packed | Store::View => SampleType::Float32,
        };
        let dir = out.join(PACKED_DIR);
        mat::create_dir(&dir)?;
        if store == Store::View {
            check_view(source.archive)?;
            return Ok(Self::View { dir, source });
        }
        Ok(Self::Packed {
            flusher: Flusher::start().map_err(ArtifactError::io("write", &dir))?,
            dir,
            shape: (source.recipe.rows(), source.recipe.samples()),
            values,
            archive: source.archive,
        })
    }

    /// Starts a part.
    pub(crate) fn part(&self, chunks: &ChunkStore) -> Result<StorePartWriter<'_>> {
        Ok(match self {
            Self::Packed {
                shape,
                values,
                flusher,
                ..
            } => {
                let path = chunks.temporary_path("npy");
                let part = PartFile::create(flusher, &path, *shape, *values)?;
                StorePartWriter::Packed { part, path }
            }
            Self::View { .. } => StorePartWriter::View,
            Self::Mat { source, .. } => {
                let path = chunks.temporary_path("mat");
                StorePartWriter::Mat {
                    folders: mat::Folders::create(&path)?,
                    path,
                    buffer: PageBuffer::default(),
                    sum: FileSum::default(),
                    source: *source,
                }
            }
        })
    }

    /// Where the data of part `number` belong in the store; none where a part has no data of its own.
    pub(crate) fn place(&self, number: usize) -> Option<PathBuf> {
        match self {
            Self::Packed { dir, .. } => Some(PartFile::path(dir, number)),
            Self::View { .. } => None,
            Self::Mat { folders, .. } => Some(folders.parent().to_owned()),
        }
    }

    /// Waits until all parts are written.
    pub(crate) fn flush(self) -> Result<FlushedStore<'a>> {
        Ok(match self {
            Self::Packed {
                dir,
                flusher,
                archive,
                ..
            } => {
                flusher.finish().map_err(ArtifactError::from)?;
                FlushedStore::Packed { dir, archive }
            }
            Self::View { dir, source } => FlushedStore::View { dir, source },
            Self::Mat { .. } => FlushedStore::Mat,
        })
    }
}

/// A store whose parts are all written, and whose index is not.
pub(crate) enum FlushedStore<'a> {
    Packed { dir: PathBuf, archive: &'a dyn Archive },
    View { dir: PathBuf, source: SegmentSource<'a> },
    Mat,
}

impl FlushedStore<'_> {
    /// Writes the index: the kept exams of every part, in the order in which they were written.
    pub(crate) fn index(&self, kept: &KeptExams) -> Result<()> {
        match self {
            Self::Packed { dir, archive } => {
                let (mut part, mut next) = (0, 0);
                kept.read_by_part(|exams| {
                    let rows = exams.flat_map(|(number, exam)| {
                        if number != part {
                            (part, next) = (number, 0);
                        }
                        let first = next;
                        next += exam.segments;
                        let names = segment_names(&archive.save_file(exam.idx), exam.segments);
                        names.zip(first..).map(move |(name, row)| (name, number, row))
                    });
                    Ok(write_packed_index(dir, rows)?)
                })
            }
            Self::View { dir, source } => {
                write_view(dir, (source.archive, source.recipe, source.missing_leads), kept)
            }
            Self::Mat => Ok(()),
        }
    }
}

impl StorePartWriter<'_> {
    /// Stores the segments of one exam, made by ECG-FM's recipe.
    pub(crate) fn put<S: StoredSample>(
        &mut self,
        exam: &KeptExam,
        trimmed: Trimmed<'_, S>,
        quality: Quality<S>,
    ) -> Result<()> {
        match self {
            Self::Packed { part, .. } => {
                let count = trimmed.segment_count();
                let write = |room: &mut [f32]| trimmed.write_measured_segments(&quality, room);
                Ok(part.append(count, write)?)
            }
            Self::View => Ok(()),
            Self::Mat {
                folders,
                buffer,
                sum,
                source,
                ..
            } => {
                let save_file = source.archive.save_file(exam.idx);
                mat::write(
                    folders,
                    (buffer, sum),
                    (exam, &save_file),
                    &trimmed.process(quality),
                    source.recipe.selection(),
                )
            }
        }
    }

    /// Stores the segments that the steps of a recipe made of one exam.
    pub(crate) fn put_steps(&mut self, made: &ModelInput) -> Result<()> {
        match self {
            Self::Packed { part, .. } => {
                let fill = |room: &mut [f32]| {
                    let values = made.segments.iter().flatten();
                    room.iter_mut()
                        .zip(values)
                        .for_each(|(v, value)| *v = *value as f32);
                };
                Ok(part.append(made.segments.len(), fill)?)
            }
            // A mat store holds ECG-FM's segments only, which is checked before.
            Self::View | Self::Mat { .. } => Ok(()),
        }
    }

    /// The largest difference between a value and what is stored of it.
    pub(crate) fn largest_error(&self) -> f32 {
        match self {
            Self::Packed { part, .. } => part.largest_error(),
            Self::View | Self::Mat { .. } => 0.0,
        }
    }

    /// Completes the part, and then its chunk; the data get their place in the store, if they are to have one. A part without segments
    /// has no data.
    pub(crate) fn finish(self, chunk: PendingChunk, is_empty: bool, place: Option<PathBuf>) -> Result<()> {
        let complete = chunk.path().to_owned();
        let commit = move |data: Option<(TemporaryPath, FileSum)>| {
            let role = DATA.to_owned();
            let data = data.filter(|_| !is_empty);
            let data = data.map(|(path, sum)| ChunkData { role, path, sum });
            let placed = chunk.commit(data.into_iter().collect())?;
            match placed.first().zip(place) {
                Some((data, place)) => link_data(data, &place),
                None => Ok(()),
            }
        };
        let failed = ArtifactError::io("write", &complete);
        match self {
            Self::Packed { part, path } => Ok(part.finish(move |sum| commit(Some((path, sum))))?),
            Self::View => Ok(commit(None).map_err(failed)?),
            Self::Mat { path, sum, .. } => Ok(commit(Some((path, sum))).map_err(failed)?),
        }
    }
}
