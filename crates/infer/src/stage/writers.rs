//! Files for a model's outputs.

use crate::Result;
use crate::backend::{Backend, BatchOutput};
use ecgfm_artifacts::extra_outputs::ExtraWriter;
use ecgfm_artifacts::logits::{LogitsWriter, write_index};
use ecgfm_artifacts::manifests::SegmentKey;
use std::path::{Path, PathBuf};

/// Writers of a run's output files.
pub(super) struct OutputWriters {
    main: KeyedFile,
    extras: Vec<ExtraWriter>,
}

/// File that goes with the keys: the logits, or where a model has none, the index alone.
enum KeyedFile {
    Logits(LogitsWriter),
    Index { dir: PathBuf, subset: String },
}

impl OutputWriters {
    pub(super) fn create(dir: &Path, subset: &str, model: &impl Backend) -> Result<Self> {
        let extras = model.extras().iter();
        let extras = extras.map(|extra| ExtraWriter::create(dir, extra.output.name(), subset, &extra.shape));
        let main = match model.labels() {
            0 => KeyedFile::Index {
                dir: dir.to_owned(),
                subset: subset.to_owned(),
            },
            labels => KeyedFile::Logits(LogitsWriter::create(dir, subset, labels)?),
        };
        Ok(Self {
            main,
            extras: extras.collect::<Result<_, _>>()?,
        })
    }

    /// Opens the files that an interrupted run left, and appends after their first `rows` rows.
    pub(super) fn resume(dir: &Path, subset: &str, model: &impl Backend, rows: usize) -> Result<Self> {
        let extras = model.extras().iter();
        let extras =
            extras.map(|extra| ExtraWriter::resume(dir, extra.output.name(), subset, &extra.shape, rows));
        let extras = extras.collect::<Result<_, _>>()?;
        let main = match model.labels() {
            0 => KeyedFile::Index {
                dir: dir.to_owned(),
                subset: subset.to_owned(),
            },
            labels => KeyedFile::Logits(LogitsWriter::resume(dir, subset, labels, rows)?),
        };
        Ok(Self { main, extras })
    }

    /// Writes what is buffered to the operating system.
    pub(super) fn flush(&mut self) -> Result<()> {
        if let KeyedFile::Logits(writer) = &mut self.main {
            writer.flush()?;
        }
        Ok(self.extras.iter_mut().try_for_each(ExtraWriter::flush)?)
    }

    /// Appends one segment's logits, if the model has any.
    pub(super) fn push(&mut self, logits: &[f32]) -> Result<()> {
        if let KeyedFile::Logits(writer) = &mut self.main {
            writer.push(logits)?;
        }
        Ok(())
    }

    pub(super) fn push_extras(&mut self, answer: &BatchOutput) -> Result<()> {
        for (writer, rows) in self.extras.iter_mut().zip(&answer.extras) {
            writer.push(rows)?;
        }
        Ok(())
    }

    /// Completes the files; `keys` are those of all segments, in their order.
    pub(super) fn finish<'a>(self, keys: impl ExactSizeIterator<Item = &'a SegmentKey>) -> Result<()> {
        match self.main {
            KeyedFile::Logits(writer) => writer.finish(keys)?,
            KeyedFile::Index { dir, subset } => write_index(&dir, &subset, keys)?,
        }
        Ok(self.extras.into_iter().try_for_each(ExtraWriter::finish)?)
    }
}
