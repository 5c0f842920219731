//! One exam: read its tracing, apply the recipe, judge the result.

use super::catalog::Catalog;
use super::exams::{Exams, Job};
use super::{Doubtful, Params, SetAside, dataset, mat, sink};
use crate::error::Result;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::signal::leads;
use ecgfm_artifacts::signal::processed::{Processed, lead_major};
use ecgfm_artifacts::signal::quality::Quality;
use ecgfm_artifacts::signal::recipe::{Recipe, Scratch};

/// Everything that the work on one exam depends on.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) params: &'a Params,
    pub(super) recipe: &'a Recipe,
    pub(super) exams: &'a Exams,
    pub(super) catalog: &'a Catalog,
}

/// Buffers of one worker.
#[derive(Default)]
pub(super) struct Buffers {
    tracing: Vec<f32>,
    scratch: Scratch,
}

/// What is known about an exam that was kept.
pub(super) struct Kept {
    pub(super) idx: usize,
    pub(super) exam_id: i64,
    /// Row in its part.
    pub(super) hdf_ind: usize,
    /// Samples per lead of the trimmed recording.
    pub(super) sample_size: usize,
    pub(super) quality: Quality,
    /// Number of segments.
    pub(super) segments: usize,
}

/// An exam after the work.
pub(super) enum Made {
    /// Kept; with its segments one after another, lead-major, where the store takes them from memory.
    Kept(Kept, Vec<f32>),
    /// Set aside.
    Rejected(SetAside),
}

impl Work<'_> {
    /// Works on one exam. Errors are the store's; what is wrong with the exam makes it [`Made::Rejected`].
    pub(super) fn exam(
        &self,
        job: &Job,
        folders: Option<&mat::Folders>,
        buffers: &mut Buffers,
    ) -> Result<Made> {
        let reject = |reason, detail| Ok(Made::Rejected(self.exams.rejected(job.idx, reason, detail)));
        if let Err(detail) = self.read(job, &mut buffers.tracing) {
            return reject(Reason::UnreadableTracing, detail);
        }
        let processed = match self.recipe.apply(&buffers.tracing, &mut buffers.scratch) {
            Ok(processed) => processed,
            Err(e) => return reject(Reason::UnreadableTracing, e.to_string()),
        };
        if let Some((reason, detail)) = self.fault(&processed) {
            return reject(reason, detail);
        }
        let packed = match folders {
            Some(folders) => {
                mat::write(folders, job, &processed, self.recipe)?;
                Vec::new()
            }
            None => pack(&processed, self.recipe),
        };
        let kept = Kept {
            idx: job.idx,
            exam_id: job.exam_id,
            hdf_ind: job.place.row,
            sample_size: processed.org_samples(),
            segments: processed.segment_count(),
            quality: processed.quality().clone(),
        };
        Ok(Made::Kept(kept, packed))
    }

    fn read(&self, job: &Job, tracing: &mut Vec<f32>) -> std::result::Result<(), String> {
        let part = self.catalog.part(job.place).ok_or("its part is not open")?;
        tracing.resize(part.row_len(), 0.0);
        part.read_row(job.place.row, tracing).map_err(|e| e.to_string())
    }

    /// Why a recording is not to be kept, if it is not.
    fn fault(&self, processed: &Processed<'_>) -> Option<(Reason, String)> {
        let (quality, samples) = (processed.quality(), processed.org_samples());
        if quality.all_zero && self.params.all_zero == Doubtful::Reject {
            return Some((Reason::AllZero, format!("all {samples} samples are 0")));
        }
        if let Some((sample, lead)) = quality
            .not_finite
            .filter(|_| self.params.not_finite == Doubtful::Reject)
        {
            let value = processed.org()[sample * processed.leads() + lead];
            let name = leads::NAMES[self.recipe.leads()[lead]];
            let sample = processed.kept().start + sample;
            return Some((
                Reason::NotFinite,
                format!("sample {sample} of lead {name} is {value}"),
            ));
        }
        if processed.segment_count() == 0 {
            let rate = dataset::SAMPLE_RATE;
            let seconds = samples as f64 / f64::from(rate);
            let wanted = self.params.segment_seconds;
            let detail = format!("{samples} samples at {rate} Hz are {seconds} s; a segment is {wanted} s");
            return Some((Reason::TooShort, detail));
        }
        None
    }
}

/// All segments, float32, lead-major, one after another.
fn pack(processed: &Processed<'_>, recipe: &Recipe) -> Vec<f32> {
    let size = sink::segment_values(recipe);
    let mut packed = vec![0f32; processed.segment_count() * size];
    for (segment, out) in processed.segments().zip(packed.chunks_exact_mut(size)) {
        lead_major(segment, processed.leads(), out);
    }
    packed
}
