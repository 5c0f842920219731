//! Files for a model's outputs: those of a chunk, and those of the run.

use crate::Result;
use crate::backend::{Backend, BatchOutput};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::chunks::{Chunk, ChunkData, ChunkStore, PendingChunk, TemporaryPath};
use ecgfm_artifacts::extra_outputs::ExtraWriter;
use ecgfm_artifacts::formats::file_sum::FileSum;
use ecgfm_artifacts::formats::npy::{NpyDtype, NpyReader, NpyWriter};
use ecgfm_artifacts::logits::{LogitsWriter, write_index};
use ecgfm_artifacts::manifests::SegmentKey;
use std::path::{Path, PathBuf};

/// Role of the logits in a chunk; other outputs have their own names.
const LOGITS: &str = "logits";

/// Values that are read from a chunk at once.
const BLOCK_VALUES: usize = 1 << 20;

/// Writers of the files of one chunk.
pub(super) struct ChunkWriters {
    logits: Option<ChunkArray>,
    extras: Vec<ChunkArray>,
}

struct ChunkArray {
    role: &'static str,
    path: TemporaryPath,
    rows: NpyWriter,
}

impl ChunkArray {
    fn create(store: &ChunkStore, role: &'static str, row: &[usize]) -> Result<Self> {
        let path = store.temporary_path("npy");
        let rows = NpyWriter::create(&path, NpyDtype::F32, row).map_err(ArtifactError::from)?;
        Ok(Self { role, path, rows })
    }

    fn push(&mut self, rows: &[f32]) -> Result<()> {
        Ok(self.rows.write_f32(rows).map_err(ArtifactError::from)?)
    }

    fn finish(self) -> Result<ChunkData> {
        self.rows.finish().map_err(ArtifactError::from)?;
        let sum = FileSum::of(&self.path).map_err(ArtifactError::io("read", &self.path))?;
        Ok(ChunkData {
            role: self.role.to_owned(),
            path: self.path,
            sum,
        })
    }
}

impl ChunkWriters {
    pub(super) fn create(store: &ChunkStore, model: &impl Backend) -> Result<Self> {
        let extras = model.extras().iter();
        let extras = extras.map(|extra| ChunkArray::create(store, extra.output.name(), &extra.shape));
        let logits = match model.labels() {
            0 => None,
            labels => Some(ChunkArray::create(store, LOGITS, &[labels])?),
        };
        Ok(Self {
            logits,
            extras: extras.collect::<Result<_>>()?,
        })
    }

    /// Appends the outputs of a batch.
    pub(super) fn push(&mut self, answer: &BatchOutput) -> Result<()> {
        if let Some(logits) = &mut self.logits {
            logits.push(&answer.logits)?;
        }
        self.extras
            .iter_mut()
            .zip(&answer.extras)
            .try_for_each(|(writer, rows)| writer.push(rows))
    }

    /// Completes the files, and with them the chunk.
    pub(super) fn finish(self, pending: PendingChunk) -> Result<()> {
        let data = self.logits.into_iter().chain(self.extras).map(ChunkArray::finish);
        let (data, place) = (data.collect::<Result<Vec<_>>>()?, pending.path().to_owned());
        pending.commit(data).map_err(ArtifactError::io("write", &place))?;
        Ok(())
    }
}

/// Writers of a run's output files.
pub(super) struct OutputWriters {
    main: KeyedFile,
    extras: Vec<(&'static str, ExtraWriter)>,
}

/// File that goes with the keys: the logits, or where a model has none, the index alone.
enum KeyedFile {
    Logits(LogitsWriter),
    Index { dir: PathBuf, subset: String },
}

impl OutputWriters {
    pub(super) fn create(dir: &Path, subset: &str, model: &impl Backend) -> Result<Self> {
        let extras = model.extras().iter().map(|extra| {
            let name = extra.output.name();
            Ok((name, ExtraWriter::create(dir, name, subset, &extra.shape)?))
        });
        let main = match model.labels() {
            0 => KeyedFile::Index {
                dir: dir.to_owned(),
                subset: subset.to_owned(),
            },
            labels => KeyedFile::Logits(LogitsWriter::create(dir, subset, labels)?),
        };
        Ok(Self {
            main,
            extras: extras.collect::<Result<_>>()?,
        })
    }

    /// Appends the outputs of a chunk of so many segments.
    pub(super) fn append_chunk<T>(&mut self, chunk: &Chunk<T>, segments: usize) -> Result<()> {
        if let KeyedFile::Logits(writer) = &mut self.main {
            read_blocks(chunk, LOGITS, segments, |rows| Ok(writer.push(rows)?))?;
        }
        for (name, writer) in &mut self.extras {
            read_blocks(chunk, name, segments, |rows| Ok(writer.push(rows)?))?;
        }
        Ok(())
    }

    /// Completes the files; `keys` are those of all segments, in their order.
    pub(super) fn finish<'a>(self, keys: impl ExactSizeIterator<Item = &'a SegmentKey>) -> Result<()> {
        match self.main {
            KeyedFile::Logits(writer) => writer.finish(keys)?,
            KeyedFile::Index { dir, subset } => write_index(&dir, &subset, keys)?,
        }
        Ok(self
            .extras
            .into_iter()
            .try_for_each(|(_, writer)| writer.finish())?)
    }
}

/// Reads the rows of one output of a chunk, a block at a time.
fn read_blocks<T>(
    chunk: &Chunk<T>,
    role: &str,
    segments: usize,
    mut push: impl FnMut(&[f32]) -> Result<()>,
) -> Result<()> {
    let path = chunk.data(role).unwrap_or_default();
    let reader = NpyReader::open(&path).map_err(ArtifactError::from)?;
    if reader.rows() != segments {
        let what = format!("{} rows; its chunk has {segments} segments", reader.rows());
        return Err(ArtifactError::invalid(&path, what).into());
    }
    let block = (BLOCK_VALUES / reader.row_len().max(1)).max(1);
    let mut values = Vec::new();
    for first in (0..segments).step_by(block) {
        let rows = block.min(segments - first);
        values.resize(rows * reader.row_len(), 0.0);
        reader
            .read_rows(first, rows, &mut values)
            .map_err(ArtifactError::from)?;
        push(&values)?;
    }
    Ok(())
}
