//! The files that a model's answers go into.

use crate::Result;
use crate::backend::{Answer, Backend};
use ecgfm_artifacts::extras::ExtraWriter;
use ecgfm_artifacts::logits::{LogitsWriter, write_index};
use ecgfm_artifacts::manifests::Key;
use std::path::{Path, PathBuf};

/// The files that answers go into.
pub(super) struct Writers {
    main: Main,
    extras: Vec<ExtraWriter>,
}

/// What carries the keys: the logits, or where a model has none, the index alone.
enum Main {
    Logits(LogitsWriter),
    Index {
        dir: PathBuf,
        subset: String,
        keys: Vec<Key>,
    },
}

impl Writers {
    pub(super) fn create(dir: &Path, subset: &str, model: &impl Backend) -> Result<Self> {
        let extras = model.extras().iter();
        let extras = extras.map(|extra| ExtraWriter::create(dir, extra.output.name(), subset, &extra.shape));
        let main = match model.labels() {
            0 => Main::Index {
                dir: dir.to_owned(),
                subset: subset.to_owned(),
                keys: Vec::new(),
            },
            labels => Main::Logits(LogitsWriter::create(dir, subset, labels)?),
        };
        Ok(Self {
            main,
            extras: extras.collect::<Result<_, _>>()?,
        })
    }

    /// Opens what an interrupted run left, keeps the first answers, to the segments of `keys`, and goes on after them.
    pub(super) fn resume(dir: &Path, subset: &str, model: &impl Backend, keys: Vec<Key>) -> Result<Self> {
        let rows = keys.len();
        let extras = model.extras().iter();
        let extras =
            extras.map(|extra| ExtraWriter::resume(dir, extra.output.name(), subset, &extra.shape, rows));
        let extras = extras.collect::<Result<_, _>>()?;
        let main = match model.labels() {
            0 => Main::Index {
                dir: dir.to_owned(),
                subset: subset.to_owned(),
                keys,
            },
            labels => Main::Logits(LogitsWriter::resume(dir, subset, labels, keys)?),
        };
        Ok(Self { main, extras })
    }

    /// Hands what is buffered to the operating system.
    pub(super) fn flush(&mut self) -> Result<()> {
        if let Main::Logits(writer) = &mut self.main {
            writer.flush()?;
        }
        Ok(self.extras.iter_mut().try_for_each(ExtraWriter::flush)?)
    }

    /// Appends one segment: its key, and its logits if the model has any.
    pub(super) fn push(&mut self, key: Key, logits: &[f32]) -> Result<()> {
        match &mut self.main {
            Main::Logits(writer) => writer.push(key, logits)?,
            Main::Index { keys, .. } => keys.push(key),
        }
        Ok(())
    }

    pub(super) fn push_extras(&mut self, answer: &Answer) -> Result<()> {
        for (writer, rows) in self.extras.iter_mut().zip(&answer.extras) {
            writer.push(rows)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        match self.main {
            Main::Logits(writer) => writer.finish()?,
            Main::Index { dir, subset, keys } => write_index(&dir, &subset, &keys)?,
        }
        Ok(self.extras.into_iter().try_for_each(ExtraWriter::finish)?)
    }
}
