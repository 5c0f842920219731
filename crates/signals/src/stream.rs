//! All exams, in bounded memory: workers take parts of the exams one after another, and each writes a part of the store.
//!
//! Which exams are in a part does not depend on the workers, so neither does what is written. A part that is complete is
//! noted in a journal; after an interruption the stage goes on with the parts that are not.

use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::kept::{ExamOutcome, KeptExam, PartOutcome};
use crate::params::Store;
use crate::process::{Buffers, ExamProcessor};
use crate::store_writer::{SegmentSource, StorePartWriter, StoreWriter};
use ecgfm_archives::{LocatedExam, RejectedExam};
use ecgfm_artifacts::checkpoint::PendingCheckpoint;
use ecgfm_artifacts::stage::Context;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Exams in a part: about 85 MB of float32 segments.
const EXAMS_PER_PART: usize = 512;
/// Exams between two reports of progress.
const REPORTED: usize = 32;

/// Outcomes of all exams.
pub(crate) struct ExamOutcomes {
    /// By part of the store.
    pub(crate) kept: Vec<Vec<KeptExam>>,
    pub(crate) rejected: Vec<RejectedExam>,
    pub(crate) largest_error: f32,
}

/// Processes all exams, and fills the store in `ctx.out`.
pub(crate) fn process_exams(
    processor: &ExamProcessor<'_>,
    exams: &[LocatedExam],
    ctx: &Context<'_>,
) -> Result<ExamOutcomes> {
    // A view has one recipe, and is refused where there would be two.
    let padded = exams
        .first()
        .is_some_and(|exam| processor.archive.is_zero_padded(exam.location.file));
    let settings = processor.params.recipe_settings(padded);
    let source = SegmentSource {
        archive: processor.archive,
        settings: &settings,
        missing_leads: processor.params.missing_leads,
        recipe: processor.recipes.any(),
    };
    let writer = StoreWriter::create(ctx.out, processor.params.store, source)?;
    // A view has nothing that could be kept.
    let journal = (processor.params.store != Store::View)
        .then(|| Journal::open(ctx.out))
        .transpose()?;
    let queue = WorkQueue {
        processor,
        ctx,
        writer: &writer,
        journal: journal.as_ref(),
        parts: exams.chunks(EXAMS_PER_PART).collect(),
        next: AtomicUsize::new(0),
        failed: AtomicUsize::new(usize::MAX),
    };
    let ran = queue.run(thread_count(processor.params.threads));
    // Where writing failed, the flusher knows why and the workers only that.
    let flushed = writer.flush();
    let outcomes = match (ran, flushed.as_ref().err()) {
        (Err(Error::Interrupted), _) => return Err(Error::Interrupted),
        (Err(error), None) => return Err(error),
        (Err(_), Some(_)) => Vec::new(),
        (Ok(outcomes), _) => outcomes,
    };
    let flushed = flushed?;
    let mut streamed = ExamOutcomes {
        kept: Vec::with_capacity(outcomes.len()),
        rejected: Vec::new(),
        largest_error: 0.0,
    };
    for outcome in outcomes {
        streamed.kept.push(outcome.kept);
        streamed.rejected.extend(outcome.rejected);
        streamed.largest_error = streamed.largest_error.max(outcome.largest_error);
    }
    flushed.index(&streamed.kept)?;
    Ok(streamed)
}

pub(crate) fn thread_count(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The parts of the exams, which workers take one after another.
struct WorkQueue<'a> {
    processor: &'a ExamProcessor<'a>,
    ctx: &'a Context<'a>,
    writer: &'a StoreWriter<'a>,
    journal: Option<&'a Journal>,
    parts: Vec<&'a [LocatedExam]>,
    next: AtomicUsize,
    /// The first part that met an error. Parts before it are still worked on: theirs comes first, whatever the threads.
    failed: AtomicUsize,
}

impl WorkQueue<'_> {
    /// Runs the workers; the outcomes in the order of the parts, or the error of the first part that met one.
    fn run(&self, threads: usize) -> Result<Vec<PartOutcome>> {
        let mut slots: Vec<Option<Result<PartOutcome>>> = Vec::new();
        slots.resize_with(self.parts.len(), || None);
        let slots = Mutex::new(slots);
        let workers = threads.clamp(1, self.parts.len().max(1));
        std::thread::scope(|scope| {
            let worker = || {
                let mut buffers = Buffers::default();
                while let Some(number) = self.next_part() {
                    let outcome = self.process_part(number, &mut buffers);
                    if outcome.is_err() {
                        self.failed.fetch_min(number, Ordering::Relaxed);
                    }
                    slots.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(outcome);
                }
            };
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(worker)).collect();
            worker();
            others.into_iter().for_each(|other| {
                if let Err(panic) = other.join() {
                    std::panic::resume_unwind(panic);
                }
            });
        });
        let slots = slots.into_inner().unwrap_or_else(PoisonError::into_inner);
        slots
            .into_iter()
            .map(|slot| slot.unwrap_or(Err(Error::Interrupted)))
            .collect()
    }

    fn next_part(&self) -> Option<usize> {
        if self.failed.load(Ordering::Relaxed) != usize::MAX {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.parts.len()).then_some(number)
    }

    /// Processes one part, unless the journal has it.
    fn process_part(&self, number: usize, buffers: &mut Buffers) -> Result<PartOutcome> {
        let exams = self.parts[number];
        if let Some(done) = self.journal.and_then(|journal| journal.outcome(number, exams)) {
            let segments = done.kept.iter().map(|kept| kept.segments).sum();
            if self.writer.is_whole(number, segments) {
                self.ctx.progress.advance(exams.len() as u64);
                return Ok(done);
            }
        }
        let mut part = self.writer.part(number)?;
        let mut outcome = PartOutcome {
            kept: Vec::with_capacity(exams.len()),
            ..PartOutcome::default()
        };
        for some in exams.chunks(REPORTED) {
            if self.ctx.cancel.is_cancelled() || self.failed.load(Ordering::Relaxed) < number {
                return Err(Error::Interrupted);
            }
            for exam in some {
                match self.processor.process(exam, &mut part, buffers)? {
                    ExamOutcome::Kept(kept) => outcome.kept.push(kept),
                    ExamOutcome::Rejected(row) => outcome.rejected.push(row),
                }
            }
            self.ctx.progress.advance(some.len() as u64);
        }
        outcome.largest_error = part.largest_error();
        self.finish_part(number, exams, part, &outcome)?;
        Ok(outcome)
    }

    fn finish_part(
        &self,
        number: usize,
        exams: &[LocatedExam],
        part: StorePartWriter<'_>,
        outcome: &PartOutcome,
    ) -> Result<()> {
        let note = self.journal.map(|journal| journal.note(number, exams, outcome));
        let note = note.transpose()?;
        let empty = outcome
            .kept
            .is_empty()
            .then(|| self.writer.part_file(number))
            .flatten();
        part.finish(move || {
            if let Some(file) = empty {
                std::fs::remove_file(file)?;
            }
            note.as_ref().map_or(Ok(()), PendingCheckpoint::commit)
        })
    }
}
