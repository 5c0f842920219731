//! The segment store, written by many workers at once.

use crate::check::refused;
use crate::error::{Error, Result};
use crate::kept::KeptExam;
use crate::mat;
use crate::measured::StoredSample;
use crate::params::Store;
use crate::table_paths::segment_names;
use ecgfm_archives::Archive;
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::formats::npy::Flusher;
use ecgfm_artifacts::formats::pages::PageBuffer;
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::recipe::trimmed::Trimmed;
use ecgfm_artifacts::recipe::{EcgFm, Recipe};
use ecgfm_artifacts::store::{
    PACKED_DIR, PartFile, RawPart, SampleType, ViewRow, ViewStore, write_packed_index,
};
use std::io;
use std::path::{Path, PathBuf};

/// What segments are made from, and how.
#[derive(Clone, Copy)]
pub(crate) struct SegmentSource<'a> {
    pub(crate) archive: &'a dyn Archive,
    pub(crate) settings: &'a EcgFm,
    pub(crate) recipe: &'a Recipe,
}

/// The store being written, by many workers at once, each at a part of its own.
pub(crate) enum StoreWriter<'a> {
    Packed {
        dir: PathBuf,
        /// Leads and samples of a segment.
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

/// One part of the store.
pub(crate) enum StorePartWriter<'a> {
    Packed(PartFile<'a>),
    View,
    Mat {
        folders: &'a mat::Folders,
        buffer: PageBuffer,
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
            check_direct(source.archive)?;
            check_padding(source.archive)?;
            return Ok(Self::View { dir, source });
        }
        Ok(Self::Packed {
            flusher: Flusher::start().map_err(ArtifactError::io("write", &dir))?,
            dir,
            shape: (source.recipe.leads().len(), source.recipe.segment_samples()),
            values,
            archive: source.archive,
        })
    }

    /// Starts part `number`.
    pub(crate) fn part(&self, number: usize) -> Result<StorePartWriter<'_>> {
        Ok(match self {
            Self::Packed {
                dir,
                shape,
                values,
                flusher,
                ..
            } => StorePartWriter::Packed(PartFile::create(flusher, dir, number, *shape, *values)?),
            Self::View { .. } => StorePartWriter::View,
            Self::Mat { folders, source } => StorePartWriter::Mat {
                folders,
                buffer: PageBuffer::default(),
                source: *source,
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
    pub(crate) fn index(&self, parts: &[Vec<KeptExam>]) -> Result<()> {
        match self {
            Self::Packed { dir, archive } => {
                let of_part = |(number, kept): (usize, &Vec<KeptExam>)| {
                    let names = kept.iter().flat_map(|exam| names_of(*archive, exam));
                    let names = names.collect::<Vec<_>>().into_iter().enumerate();
                    names.map(move |(row, name)| (name, number, row))
                };
                let rows = parts.iter().enumerate().flat_map(of_part);
                Ok(write_packed_index(dir, rows)?)
            }
            Self::View { dir, source } => write_view(dir, *source, parts),
            Self::Mat => Ok(()),
        }
    }
}

fn names_of(archive: &dyn Archive, exam: &KeptExam) -> impl Iterator<Item = String> + use<> {
    segment_names(&archive.save_file(exam.idx), exam.segments)
}

/// Writes a store without samples, which names every file of the archive that it can read.
fn write_view(dir: &Path, source: SegmentSource<'_>, parts: &[Vec<KeptExam>]) -> Result<()> {
    let archive = source.archive;
    let files = archive.files().enumerate().filter_map(|(number, file)| {
        let rows = file.recordings.as_ref().ok()?.direct_rows()?;
        Some(
            RawPart::new(&file.path, rows)
                .map(|part| (number, part))
                .map_err(Error::from),
        )
    });
    let files = files.collect::<Result<Vec<(usize, RawPart)>>>()?;
    let (numbers, files): (Vec<usize>, Vec<RawPart>) = files.into_iter().unzip();
    let rows = parts.iter().flatten().flat_map(|kept| {
        // Every file that holds an exam is in the list.
        let part = numbers.binary_search(&kept.file).unwrap_or(usize::MAX);
        let row = kept.row;
        names_of(archive, kept)
            .enumerate()
            .map(move |(cut, segment)| ViewRow {
                segment,
                part,
                row,
                cut,
            })
    });
    let view = ViewStore::new(source.settings, one_sample_rate(parts)?, files).map_err(refused)?;
    Ok(view.write(dir, rows)?)
}

/// The sample rate that all recordings have, in Hz: a view holds one.
fn one_sample_rate(parts: &[Vec<KeptExam>]) -> Result<f64> {
    let mut rates = parts.iter().flatten().map(|exam| exam.sample_rate);
    let first = rates.next().unwrap_or_default();
    match rates.find(|rate| *rate != first) {
        None => Ok(first),
        Some(other) => {
            let what = format!(
                "is `view`, which reads recordings of one sample rate; there are some of {first} and of {other} Hz: use \
                 `packed`"
            );
            Err(Error::parameter("store", what))
        }
    }
}

/// Checks that every file that can be read is read without its format's library, as a view reads it.
fn check_direct(archive: &dyn Archive) -> Result<()> {
    let slow = archive.files().find_map(|file| {
        let recordings = file.recordings.as_ref().ok()?;
        let slow = recordings.direct_rows().is_none();
        slow.then(|| (&file.name, recordings.storage()))
    });
    match slow {
        None => Ok(()),
        Some((name, storage)) => {
            let what = format!(
                "is `view`, which reads float32 that lies plain or in chunks of gzip; {name} is stored otherwise \
                 ({storage}): use `packed`"
            );
            Err(Error::parameter("store", what))
        }
    }
}

/// Checks that the recordings of all files are filled with zeros at both ends, or those of none: a view holds one recipe.
fn check_padding(archive: &dyn Archive) -> Result<()> {
    let mut padded = (0..archive.file_count()).map(|number| archive.is_zero_padded(number));
    let first = padded.next().unwrap_or_default();
    if padded.all(|padded| padded == first) {
        return Ok(());
    }
    let what = "is `view`, which treats all recordings alike; some of the archives fill theirs with zeros at both ends (CODE-15), \
                some do not: use `packed`";
    Err(Error::parameter("store", what))
}

impl StorePartWriter<'_> {
    /// Stores the segments of one exam.
    pub(crate) fn put<S: StoredSample>(
        &mut self,
        exam: &KeptExam,
        trimmed: Trimmed<'_, S>,
        quality: Quality<S>,
    ) -> Result<()> {
        match self {
            Self::Packed(part) => {
                let count = trimmed.segment_count();
                Ok(part.append(count, |room| trimmed.write_segments(room))?)
            }
            Self::View => Ok(()),
            Self::Mat {
                folders,
                buffer,
                source,
            } => {
                let save_file = source.archive.save_file(exam.idx);
                mat::write(
                    folders,
                    buffer,
                    (exam, &save_file),
                    &trimmed.process(quality),
                    source.recipe,
                )
            }
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
