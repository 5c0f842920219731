//! The files that a model's answers go into.

use crate::Result;
use crate::backend::{Answer, Backend};
use ecgfm_artifacts::extras::ExtraWriter;
use ecgfm_artifacts::logits::LogitsWriter;
use std::path::Path;

/// The files that answers go into.
pub(super) struct Writers {
    pub(super) logits: LogitsWriter,
    extras: Vec<ExtraWriter>,
}

impl Writers {
    pub(super) fn create(dir: &Path, subset: &str, model: &impl Backend) -> Result<Self> {
        let extras = model.extras().iter();
        let extras = extras.map(|extra| ExtraWriter::create(dir, extra.output.name(), subset, &extra.shape));
        Ok(Self {
            logits: LogitsWriter::create(dir, subset, model.labels())?,
            extras: extras.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn push_extras(&mut self, answer: &Answer) -> Result<()> {
        for (writer, rows) in self.extras.iter_mut().zip(&answer.extras) {
            writer.push(rows)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        self.logits.finish()?;
        Ok(self.extras.into_iter().try_for_each(ExtraWriter::finish)?)
    }
}
