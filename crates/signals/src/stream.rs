//! All exams, in bounded memory: workers take parts of the exams one after another, and each writes a part of the store.
//!
//! Which exams are in a part does not depend on the workers, so neither does what is written. A part that is complete is
//! noted in a journal; after an interruption the stage goes on with the parts that are not.

use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::kept::{ExamOutcome, KeptExam, PartOutcome};
use crate::params::Store;
use crate::process::{Buffers, ExamProcessor};
use crate::recipes::StoreTarget;
use crate::store_writer::{FlushedStore, SegmentSource, StorePartWriter, StoreWriter};
use ecgfm_archives::{LocatedExam, RejectedExam};
use ecgfm_artifacts::checkpoint::PendingCheckpoint;
use ecgfm_artifacts::stage::Context;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Exams in a part: about 85 MB of float32 segments.
const EXAMS_PER_PART: usize = 512;
/// Exams between two reports of progress.
const REPORTED: usize = 32;

/// Outcomes of all exams by one recipe.
#[derive(Default)]
pub(crate) struct ExamOutcomes {
    /// By part of the store.
    pub(crate) kept: Vec<Vec<KeptExam>>,
    pub(crate) rejected: Vec<RejectedExam>,
    pub(crate) largest_error: f32,
}

/// The store of one recipe, and the journal of its parts.
struct TargetStore<'a> {
    writer: StoreWriter<'a>,
    journal: Option<Journal>,
}

impl<'a> TargetStore<'a> {
    fn create(
        target: &'a StoreTarget,
        processor: &ExamProcessor<'a>,
        padded: bool,
        ctx: &Context<'_>,
    ) -> Result<Self> {
        let source = SegmentSource {
            archive: processor.archive,
            missing_leads: processor.params.missing_leads,
            recipe: target.recipes.of(padded),
        };
        let store = processor.params.store;
        let writer = StoreWriter::create(&target.dir(ctx.out), store, source)?;
        // A view has nothing that could be kept.
        let journal = (store != Store::View).then(|| Journal::open(ctx.out, target.name.as_deref()));
        Ok(Self {
            writer,
            journal: journal.transpose()?,
        })
    }

    /// The outcome of a part that is noted and still there whole.
    fn done(&self, number: usize, exams: &[LocatedExam]) -> Option<PartOutcome> {
        let done = self.journal.as_ref()?.outcome(number, exams)?;
        let segments = done.kept.iter().map(|kept| kept.segments).sum();
        self.writer.is_whole(number, segments).then_some(done)
    }
}

/// Processes all exams, and fills the stores of all recipes in `ctx.out`; the outcomes by each recipe.
pub(crate) fn process_exams(
    processor: &ExamProcessor<'_>,
    exams: &[LocatedExam],
    ctx: &Context<'_>,
) -> Result<Vec<ExamOutcomes>> {
    // A view has one form of a recipe, and is refused where there would be two.
    let padded = exams
        .first()
        .is_some_and(|exam| processor.archive.is_zero_padded(exam.location.file));
    let create = |target| TargetStore::create(target, processor, padded, ctx);
    let stores = processor.targets.iter().map(create).collect::<Result<Vec<_>>>()?;
    let queue = WorkQueue {
        processor,
        ctx,
        stores: &stores,
        parts: exams.chunks(EXAMS_PER_PART).collect(),
        next: AtomicUsize::new(0),
        failed: AtomicUsize::new(usize::MAX),
    };
    let ran = queue.run(thread_count(processor.params.threads));
    // Where writing failed, the flusher knows why and the workers only that.
    let flushed: Vec<Result<FlushedStore<'_>>> =
        stores.into_iter().map(|store| store.writer.flush()).collect();
    let parts = match ran {
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) if flushed.iter().all(Result::is_ok) => return Err(error),
        Err(_) => Vec::new(),
        Ok(parts) => parts,
    };
    let flushed = flushed.into_iter().collect::<Result<Vec<_>>>()?;
    let mut outcomes: Vec<ExamOutcomes> = flushed.iter().map(|_| ExamOutcomes::default()).collect();
    for part in parts {
        for (outcomes, part) in outcomes.iter_mut().zip(part) {
            outcomes.kept.push(part.kept);
            outcomes.rejected.extend(part.rejected);
            outcomes.largest_error = outcomes.largest_error.max(part.largest_error);
        }
    }
    for (flushed, outcomes) in flushed.iter().zip(&outcomes) {
        flushed.index(&outcomes.kept)?;
    }
    Ok(outcomes)
}

pub(crate) fn thread_count(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The parts of the exams, which workers take one after another.
struct WorkQueue<'a> {
    processor: &'a ExamProcessor<'a>,
    ctx: &'a Context<'a>,
    /// By recipe.
    stores: &'a [TargetStore<'a>],
    parts: Vec<&'a [LocatedExam]>,
    next: AtomicUsize,
    /// The first part that met an error. Parts before it are still worked on: theirs comes first, whatever the threads.
    failed: AtomicUsize,
}

impl WorkQueue<'_> {
    /// Runs the workers; the outcomes in the order of the parts, of each by recipe, or the error of the first part that met one.
    fn run(&self, threads: usize) -> Result<Vec<Vec<PartOutcome>>> {
        let mut slots: Vec<Option<Result<Vec<PartOutcome>>>> = Vec::new();
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

    /// Processes one part, unless the journals of all recipes have it; the outcomes by recipe.
    fn process_part(&self, number: usize, buffers: &mut Buffers) -> Result<Vec<PartOutcome>> {
        let exams = self.parts[number];
        let done = self.stores.iter().map(|store| store.done(number, exams));
        if let Some(done) = done.collect::<Option<Vec<_>>>() {
            self.ctx.progress.advance(exams.len() as u64);
            return Ok(done);
        }
        let parts = self.stores.iter().map(|store| store.writer.part(number));
        let mut parts = parts.collect::<Result<Vec<_>>>()?;
        let mut outcomes: Vec<PartOutcome> = parts.iter().map(|_| PartOutcome::default()).collect();
        for some in exams.chunks(REPORTED) {
            if self.ctx.cancel.is_cancelled() || self.failed.load(Ordering::Relaxed) < number {
                return Err(Error::Interrupted);
            }
            for exam in some {
                let of_exam = self.processor.process(exam, &mut parts, buffers)?;
                for (outcome, of_exam) in outcomes.iter_mut().zip(of_exam) {
                    match of_exam {
                        ExamOutcome::Kept(kept) => outcome.kept.push(kept),
                        ExamOutcome::Rejected(row) => outcome.rejected.push(row),
                    }
                }
            }
            self.ctx.progress.advance(some.len() as u64);
        }
        for ((part, outcome), store) in parts.into_iter().zip(&mut outcomes).zip(self.stores) {
            outcome.largest_error = part.largest_error();
            finish_part(store, (number, exams), part, outcome)?;
        }
        Ok(outcomes)
    }
}

/// Completes a part of the store of one recipe, and notes it in its journal.
fn finish_part(
    store: &TargetStore<'_>,
    (number, exams): (usize, &[LocatedExam]),
    part: StorePartWriter<'_>,
    outcome: &PartOutcome,
) -> Result<()> {
    let journal = store.journal.as_ref();
    let note = journal.map(|journal| journal.note(number, exams, outcome));
    let note = note.transpose()?;
    let empty = outcome
        .kept
        .is_empty()
        .then(|| store.writer.part_file(number))
        .flatten();
    part.finish(move || {
        if let Some(file) = empty {
            std::fs::remove_file(file)?;
        }
        note.as_ref().map_or(Ok(()), PendingCheckpoint::commit)
    })
}
