//! All exams, in bounded memory: workers take parts of the exams one after another, and each writes a part of the store.
//!
//! Which exams are in a part does not depend on the workers, so neither does what is written. A part that is complete is
//! noted in a journal; after an interruption the stage goes on with the parts that are not.

use crate::error::{Error, Result};
use crate::exams::Job;
use crate::journal::Journal;
use crate::process::{Buffers, Kept, Made, Work};
use crate::sink::{PartSink, Sink};
use crate::{SetAside, Store};
use ecgfm_artifacts::notes::Note;
use ecgfm_artifacts::stage::Context;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Exams in a part: about 85 MB of float32 segments.
const EXAMS_PER_PART: usize = 512;
/// Exams between two reports of progress.
const REPORTED: usize = 32;

/// What came of the exams of one part, in the order in which they are stored.
#[derive(Default)]
pub(crate) struct PartOutcome {
    pub(crate) kept: Vec<Kept>,
    pub(crate) rejected: Vec<SetAside>,
    /// The largest difference between a value and what is stored of it.
    pub(crate) largest_error: f32,
}

/// What came of all exams.
pub(crate) struct Streamed {
    /// By part of the store.
    pub(crate) kept: Vec<Vec<Kept>>,
    pub(crate) rejected: Vec<SetAside>,
    pub(crate) largest_error: f32,
}

/// Works on all jobs, and fills the store in `ctx.out`.
pub(crate) fn stream(work: &Work<'_>, jobs: &[Job], ctx: &Context<'_>) -> Result<Streamed> {
    let sink = Sink::create(ctx.out, work.params.store, work.recipe, work.catalog)?;
    // A view has nothing that could be kept.
    let journal = (work.params.store != Store::View)
        .then(|| Journal::open(ctx.out))
        .transpose()?;
    let line = Line {
        work,
        ctx,
        sink: &sink,
        journal: journal.as_ref(),
        parts: jobs.chunks(EXAMS_PER_PART).collect(),
        next: AtomicUsize::new(0),
        failed: AtomicUsize::new(usize::MAX),
    };
    let ran = line.run(threads(work.params.threads));
    // Where writing failed, the flusher knows why and the workers only that.
    let flushed = sink.flush();
    let outcomes = match (ran, flushed.as_ref().err()) {
        (Err(Error::Interrupted), _) => return Err(Error::Interrupted),
        (Err(error), None) => return Err(error),
        (Err(_), Some(_)) => Vec::new(),
        (Ok(outcomes), _) => outcomes,
    };
    let flushed = flushed?;
    let mut streamed = Streamed {
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

fn threads(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The parts that workers take from.
struct Line<'a> {
    work: &'a Work<'a>,
    ctx: &'a Context<'a>,
    sink: &'a Sink<'a>,
    journal: Option<&'a Journal>,
    parts: Vec<&'a [Job]>,
    next: AtomicUsize,
    /// The first part that met an error. Parts before it are still worked on: theirs comes first, whatever the threads.
    failed: AtomicUsize,
}

impl Line<'_> {
    /// Runs the workers; the outcomes in the order of the parts, or the error of the first part that met one.
    fn run(&self, threads: usize) -> Result<Vec<PartOutcome>> {
        let mut slots: Vec<Option<Result<PartOutcome>>> = Vec::new();
        slots.resize_with(self.parts.len(), || None);
        let slots = Mutex::new(slots);
        let workers = threads.clamp(1, self.parts.len().max(1));
        std::thread::scope(|scope| {
            let worker = || {
                let mut buffers = Buffers::default();
                while let Some(number) = self.take() {
                    let outcome = self.part(number, &mut buffers);
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

    fn take(&self) -> Option<usize> {
        if self.failed.load(Ordering::Relaxed) != usize::MAX {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.parts.len()).then_some(number)
    }

    /// Works on one part, unless the journal has it.
    fn part(&self, number: usize, buffers: &mut Buffers) -> Result<PartOutcome> {
        let jobs = self.parts[number];
        if let Some(done) = self.journal.and_then(|journal| journal.outcome(number, jobs)) {
            let segments = done.kept.iter().map(|kept| kept.segments).sum();
            if self.sink.is_whole(number, segments) {
                self.ctx.progress.advance(jobs.len() as u64);
                return Ok(done);
            }
        }
        let mut part = self.sink.part(number)?;
        let mut outcome = PartOutcome {
            kept: Vec::with_capacity(jobs.len()),
            ..PartOutcome::default()
        };
        for some in jobs.chunks(REPORTED) {
            if self.ctx.cancel.is_cancelled() || self.failed.load(Ordering::Relaxed) < number {
                return Err(Error::Interrupted);
            }
            for job in some {
                match self.work.exam(job, &mut part, buffers)? {
                    Made::Kept(kept) => outcome.kept.push(kept),
                    Made::Rejected(row) => outcome.rejected.push(row),
                }
            }
            self.ctx.progress.advance(some.len() as u64);
        }
        outcome.largest_error = part.largest_error();
        self.complete(number, jobs, part, &outcome)?;
        Ok(outcome)
    }

    fn complete(&self, number: usize, jobs: &[Job], part: PartSink<'_>, outcome: &PartOutcome) -> Result<()> {
        let note = self.journal.map(|journal| journal.note(number, jobs, outcome));
        let note = note.transpose()?;
        let empty = outcome
            .kept
            .is_empty()
            .then(|| self.sink.part_file(number))
            .flatten();
        part.finish(move || {
            if let Some(file) = empty {
                std::fs::remove_file(file)?;
            }
            note.as_ref().map_or(Ok(()), Note::keep)
        })
    }
}
