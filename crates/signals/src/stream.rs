//! All exams, in bounded memory: workers take parts of the exams one after another, and each writes a part of the store.
//!
//! Which exams are in a part does not depend on the workers, so neither does what is written. A part is a chunk of the stage:
//! what an interrupted run or another process left of them is not done again.

use crate::chunks::{PartRecord, begin_part, read_part};
use crate::error::{Error, Result};
use crate::kept::{ExamOutcome, PartOutcome};
use crate::kept_exams::{KeptExams, KeptPart};
use crate::kept_file::KeptFile;
use crate::params::Store;
use crate::process::{Buffers, ExamProcessor};
use crate::recipes::StoreTarget;
use crate::store_writer::{DATA, FlushedStore, SegmentSource, StoreWriter};
use ecgfm_archives::{LocatedExam, RejectedExam};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::chunks::{Chunk, ChunkStore, chunk_length, link_data, remove_own};
use ecgfm_artifacts::stage::{ChunkPlan, Context};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Exams in a part: about 85 MB of float32 segments.
const EXAMS_PER_PART: usize = 512;
/// Exams between two reports of progress.
const REPORTED: usize = 32;

/// Outcomes of all exams by one recipe.
pub(crate) struct ExamOutcomes {
    pub(crate) kept: KeptExams,
    pub(crate) rejected: Vec<RejectedExam>,
    pub(crate) largest_error: f32,
}

/// Counts of a share of the stage.
#[derive(Default)]
pub(crate) struct ShareDone {
    /// Parts of the share.
    pub(crate) chunks: usize,
    /// Exams in them.
    pub(crate) exams: usize,
}

/// What came of the work on an archive.
pub(crate) enum ProcessedExams {
    /// All exams, by recipe.
    All(Vec<ExamOutcomes>),
    /// A share, whose chunks are written.
    Share(ShareDone),
}

/// Outcomes of the exams of one part of the store, of which those kept are in the file of kept exams.
struct StoredPart {
    kept: KeptPart,
    rejected: Vec<RejectedExam>,
    largest_error: f32,
}

/// The store of one recipe, and the chunks that are its parts.
struct TargetStore<'a> {
    writer: StoreWriter<'a>,
    chunks: ChunkStore,
    /// Set where parts are kept as chunks. Those of a view are worth it only where another process needs them: they have no samples.
    keeps: bool,
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
        let chunks = ChunkStore::open(ctx, target.name.as_deref())?;
        let keeps = store != Store::View || chunks.shard().is_some();
        Ok(Self {
            writer,
            chunks,
            keeps,
        })
    }

    /// Where the data of a part belong; none for a share of the stage, which writes chunks only.
    fn place(&self, number: usize) -> Option<PathBuf> {
        let place = self.writer.place(number);
        place.filter(|_| self.chunks.shard().is_none())
    }

    /// Puts the data of a part that is there whole in their place; its outcome.
    fn take(&self, number: usize, chunk: Chunk<PartRecord<'static>>) -> Result<PartOutcome> {
        if let Some((data, place)) = chunk.data(DATA).zip(self.place(number)) {
            link_data(&data, &place).map_err(ArtifactError::io("write", &place))?;
        }
        Ok(chunk.record.into_outcome())
    }
}

/// Exams of a part.
fn part_length() -> usize {
    chunk_length(EXAMS_PER_PART).max(1)
}

/// Number of exams of this process's share; all of them where it has none.
pub(crate) fn exams_to_do(exams: usize, ctx: &Context<'_>) -> usize {
    let Some(shard) = ctx.chunks.and_then(|chunks| chunks.shard) else {
        return exams;
    };
    let parts = 0..exams.div_ceil(part_length());
    let length = |part: usize| part_length().min(exams - part * part_length());
    parts.filter(|part| shard.holds(*part)).map(length).sum()
}

/// Processes exams, and fills the stores of all recipes in `ctx.out`; a share of the stage writes its chunks only.
pub(crate) fn process_exams(
    processor: &ExamProcessor<'_>,
    exams: &[LocatedExam],
    ctx: &Context<'_>,
) -> Result<ProcessedExams> {
    // A view has one form of a recipe, and is refused where there would be two.
    let padded = exams
        .first()
        .is_some_and(|exam| processor.archive.is_zero_padded(exam.location.file));
    let create = |target| TargetStore::create(target, processor, padded, ctx);
    let stores = processor.targets.iter().map(create).collect::<Result<Vec<_>>>()?;
    let parts: Vec<&[LocatedExam]> = exams.chunks(part_length()).collect();
    let chunks = stores.first().map(|store| &store.chunks);
    if let Some(chunks) = chunks {
        let names = processor.targets.iter();
        let names = names.map(|target| target.name.clone().unwrap_or_default());
        chunks.agree(&ChunkPlan {
            chunks: parts.len(),
            names: names.collect(),
            settings: serde_json::Value::Null,
        })?;
    }
    let is_ours = |number: &usize| chunks.is_none_or(|chunks| chunks.is_ours(*number));
    let numbers: Vec<usize> = (0..parts.len()).filter(is_ours).collect();
    let is_share = chunks.is_some_and(|chunks| chunks.shard().is_some());
    let share = ShareDone {
        chunks: numbers.len(),
        exams: numbers.iter().map(|number| parts[*number].len()).sum(),
    };
    let kept = Arc::new(KeptFile::create(ctx.out)?);
    let queue = WorkQueue {
        processor,
        ctx,
        kept: &kept,
        stores: &stores,
        parts,
        numbers,
        keeps_outcomes: !is_share,
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
    if is_share {
        return Ok(ProcessedExams::Share(share));
    }
    let none = |_| ExamOutcomes {
        kept: KeptExams::new(kept.clone()),
        rejected: Vec::new(),
        largest_error: 0.0,
    };
    let mut outcomes: Vec<ExamOutcomes> = flushed.iter().map(none).collect();
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
    remove_own(ctx)?;
    Ok(ProcessedExams::All(outcomes))
}

pub(crate) fn thread_count(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The parts of the exams, which workers take one after another.
struct WorkQueue<'a> {
    processor: &'a ExamProcessor<'a>,
    ctx: &'a Context<'a>,
    kept: &'a KeptFile,
    /// By recipe.
    stores: &'a [TargetStore<'a>],
    parts: Vec<&'a [LocatedExam]>,
    /// Numbers of the parts to do.
    numbers: Vec<usize>,
    /// Set where outcomes are wanted once the parts are done.
    keeps_outcomes: bool,
    /// Position of the next of them.
    next: AtomicUsize,
    /// The first position at which an error was met. Parts before it are still worked on: theirs comes first, whatever the threads.
    failed: AtomicUsize,
}

impl WorkQueue<'_> {
    /// Runs the workers; the outcomes in the order of the parts, of each by recipe, or the error of the first part that met one.
    fn run(&self, threads: usize) -> Result<Vec<Vec<StoredPart>>> {
        let mut slots: Vec<Option<Result<Vec<StoredPart>>>> = Vec::new();
        slots.resize_with(self.numbers.len(), || None);
        let slots = Mutex::new(slots);
        let workers = threads.clamp(1, self.numbers.len().max(1));
        std::thread::scope(|scope| {
            let worker = || {
                let mut buffers = Buffers::default();
                while let Some(at) = self.next_part() {
                    let outcome = self.process_part(at, &mut buffers);
                    let outcome = outcome.and_then(|parts| self.store_kept(parts));
                    if outcome.is_err() {
                        self.failed.fetch_min(at, Ordering::Relaxed);
                    }
                    slots.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(outcome);
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

    /// Puts what is known of kept exams where it takes no memory.
    fn store_kept(&self, parts: Vec<PartOutcome>) -> Result<Vec<StoredPart>> {
        if !self.keeps_outcomes {
            return Ok(Vec::new());
        }
        let store = |part: PartOutcome| {
            Ok(StoredPart {
                kept: KeptPart::store(self.kept, &part.kept)?,
                rejected: part.rejected,
                largest_error: part.largest_error,
            })
        };
        parts.into_iter().map(store).collect()
    }

    fn next_part(&self) -> Option<usize> {
        if self.failed.load(Ordering::Relaxed) != usize::MAX {
            return None;
        }
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        (at < self.numbers.len()).then_some(at)
    }

    /// Processes one part, unless the stores of all recipes have it; the outcomes by recipe.
    fn process_part(&self, at: usize, buffers: &mut Buffers) -> Result<Vec<PartOutcome>> {
        let number = self.numbers[at];
        let exams = self.parts[number];
        if let Some(done) = self.done(number, exams)? {
            self.ctx.progress.advance(exams.len() as u64);
            return Ok(done);
        }
        let parts = self.stores.iter().map(|store| store.writer.part(&store.chunks));
        let mut parts = parts.collect::<Result<Vec<_>>>()?;
        let mut outcomes: Vec<PartOutcome> = parts.iter().map(|_| PartOutcome::default()).collect();
        for some in exams.chunks(REPORTED) {
            if self.ctx.cancel.is_cancelled() || self.failed.load(Ordering::Relaxed) < at {
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
            if store.keeps {
                let chunk = begin_part(&store.chunks, number, exams, outcome)?;
                part.finish(chunk, outcome.kept.is_empty(), store.place(number))?;
            }
        }
        Ok(outcomes)
    }

    /// The outcomes of a part, where the stores of all recipes have it.
    fn done(&self, number: usize, exams: &[LocatedExam]) -> Result<Option<Vec<PartOutcome>>> {
        let chunks = self.stores.iter();
        let chunks = chunks.map(|store| read_part(&store.chunks, number, exams));
        let Some(chunks) = chunks.collect::<Result<Option<Vec<_>>>>()? else {
            return Ok(None);
        };
        let taken = self.stores.iter().zip(chunks);
        taken
            .map(|(store, chunk)| store.take(number, chunk))
            .collect::<Result<Vec<_>>>()
            .map(Some)
    }
}
