//! All exams, in bounded memory: one batch is worked on by all threads while the one before is written.

use super::exams::Job;
use super::process::{Buffers, Kept, Made, Work};
use super::sink::Sink;
use super::{SetAside, Store};
use crate::error::{Error, Result};
use ecgfm_artifacts::stage::Context;
use rayon::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Exams in a batch. Packed, two batches are about 30 MB of segments, which a large cache holds until they are written.
const BATCH: usize = 64;

/// What came of all exams, in the order of the jobs.
pub(super) struct Streamed {
    pub(super) kept: Vec<Kept>,
    pub(super) rejected: Vec<SetAside>,
}

/// Works on all jobs, and fills the store in `ctx.out`.
pub(super) fn stream(work: &Work<'_>, jobs: &[Job], ctx: &Context<'_>) -> Result<Streamed> {
    let sink = Sink::create(ctx.out, work.params.store, work.recipe)?;
    match work.params.threads {
        None => batches(work, jobs, ctx, sink),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|e| Error::parameter("threads", format!("cannot be {threads}: {e}")))?;
            pool.install(|| batches(work, jobs, ctx, sink))
        }
    }
}

fn batches(work: &Work<'_>, jobs: &[Job], ctx: &Context<'_>, mut sink: Sink) -> Result<Streamed> {
    let mut streamed = Streamed {
        kept: Vec::with_capacity(jobs.len()),
        rejected: Vec::new(),
    };
    let mut finished: Vec<(Kept, Vec<f32>)> = Vec::new();
    let pool = Pool::default();
    for batch in jobs.chunks(BATCH) {
        if ctx.cancel.is_cancelled() {
            return Err(Error::Interrupted);
        }
        let before = std::mem::take(&mut finished);
        let folders = sink.folders();
        let (written, made) = rayon::join(
            || sink.write(&before),
            || {
                let exam =
                    |lent: &mut Lent<'_>, job: &Job| work.exam(job, folders.as_ref(), &mut lent.buffers);
                batch
                    .par_iter()
                    .map_init(|| pool.lend(), exam)
                    .collect::<Result<Vec<_>>>()
            },
        );
        written?;
        streamed.kept.extend(before.into_iter().map(|(kept, _)| kept));
        for made in made? {
            match made {
                Made::Kept(kept, packed) => finished.push((kept, packed)),
                Made::Rejected(row) => streamed.rejected.push(row),
            }
        }
        ctx.progress.advance(batch.len() as u64);
    }
    sink.write(&finished)?;
    streamed.kept.extend(finished.into_iter().map(|(kept, _)| kept));
    sink.finish()?;
    Ok(streamed)
}

/// Buffers that workers give back: made once a thread, not once a batch.
#[derive(Default)]
struct Pool(Mutex<Vec<Buffers>>);

/// Buffers in use.
struct Lent<'a> {
    buffers: Buffers,
    pool: &'a Pool,
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<Buffers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lend(&self) -> Lent<'_> {
        let buffers = self.idle().pop().unwrap_or_default();
        Lent { buffers, pool: self }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.pool.idle().push(std::mem::take(&mut self.buffers));
    }
}

impl Store {
    /// Whether workers write files themselves.
    pub(super) fn is_mat(self) -> bool {
        self == Self::Mat
    }
}
