//! The stage on small projects, with a double in the model's place where the model does not matter.

mod outputs;
mod runs;
mod scoring;

use super::*;
use crate::backend::{Backend, BackendDescription, BackendError, BatchOutput, DeviceName, ExtraOutput};
use crate::device_pool::DevicePool;
use crate::shape::SegmentShape;
use crate::signal_buffer::SignalBuffer;
use ecgfm_artifacts::stage::{Cancel, NoProgress};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

const ONE: WorkerPool = WorkerPool {
    workers: 1,
    threads_each: 1,
};

/// Scores a project with a double, in batches of four that a CPU pads to four, a chunk each.
fn scored(
    source: &SubsetSegments,
    model: &Double,
    out: &Path,
    cancel: &Cancel,
) -> Result<run_stats::RunStats> {
    scored_at_once(source, model, out, cancel, ONE)
}

/// The same with several batches at once.
fn scored_at_once(
    source: &SubsetSegments,
    model: &impl Backend,
    out: &Path,
    cancel: &Cancel,
    pool: WorkerPool,
) -> Result<run_stats::RunStats> {
    let ctx = context(out, cancel);
    let batching = Batching {
        least_chunk: 4,
        ..Batching::new(4, source.subset.rows.len(), true)
    };
    score_segments(
        source,
        model,
        &ReturnedValues::default(),
        (batching, pool),
        &ChunkStore::open(&ctx, None)?,
        &ctx,
    )
}

/// Answers with the first value of each segment and its negative; infinite for values above a limit.
struct Double {
    limit: f32,
    device: &'static str,
    /// Time of a batch.
    pause: Duration,
    /// Batches that it answers, and what libtorch says of the next.
    fails: Option<(usize, &'static str)>,
    batches: Mutex<Vec<usize>>,
    cancel: Option<Cancel>,
}

impl Double {
    fn new() -> Self {
        Self {
            limit: f32::INFINITY,
            device: "none",
            pause: Duration::ZERO,
            fails: None,
            batches: Mutex::default(),
            cancel: None,
        }
    }
}

impl Backend for Double {
    fn labels(&self) -> usize {
        2
    }

    fn prepare(&mut self, _: SegmentShape, _: &[usize]) -> Result<()> {
        Ok(())
    }

    fn extras(&self) -> &[ExtraOutput] {
        &[]
    }

    fn allocate(&self, rows: usize, shape: SegmentShape) -> Result<SignalBuffer> {
        Ok(SignalBuffer::new(rows, shape, Device::Cpu).unwrap())
    }

    fn run(&self, signals: &SignalBuffer, rows: usize) -> Result<BatchOutput, BackendError> {
        let mut out = vec![0.0; 2 * rows];
        std::thread::sleep(self.pause);
        if let Some((answered, words)) = self.fails
            && self.batches.lock().unwrap().len() == answered
        {
            return Err(words.into());
        }
        self.batches.lock().unwrap().push(rows);
        let segments = signals.values().chunks_exact(signals.shape().len());
        for (segment, out) in segments.zip(out.chunks_exact_mut(2)) {
            let logit = if segment[0] > self.limit {
                f32::NAN
            } else {
                segment[0]
            };
            out.copy_from_slice(&[logit, -logit]);
        }
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
        Ok(BatchOutput {
            logits: out,
            extras: Vec::new(),
            device: 0,
        })
    }

    fn describe(&self) -> BackendDescription {
        BackendDescription {
            name: "double",
            device: self.device.into(),
            precision: "float32",
            runtime: None,
        }
    }

    fn devices(&self) -> Vec<DeviceName> {
        vec![DeviceName {
            device: self.device.into(),
            model: None,
        }]
    }
}

fn context<'a>(out: &'a Path, cancel: &'a Cancel) -> Context<'a> {
    Context {
        out,
        home: out,
        progress: &NoProgress,
        cancel,
        chunks: None,
    }
}
