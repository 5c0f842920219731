//! Runs a model on several batches at once and delivers its outputs in order.
//!
//! On a CPU one batch a core is faster than one batch on all cores: no thread waits for the slowest one after every
//! operation, which costs most where the machine has other work too. And a batch computed by one thread is the same to the
//! last bit on any number of cores of one kind.

use crate::backend::BackendError;
use crate::prefetch::{Batch, Batches};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tch::Device;

/// Most batches that run at once; on a larger machine each gets several threads.
const MOST_WORKERS: usize = 16;

/// Workers of a GPU, each with a stream of its own: while one waits for its answer the other's batch is computed, and the
/// next one copied.
const GPU_WORKERS: usize = 2;

/// Number of batches that run at once, and of threads for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkerPool {
    /// Batches at once.
    pub(crate) workers: usize,
    /// Threads of libtorch for each.
    pub(crate) threads_each: usize,
}

impl WorkerPool {
    /// Divides `threads` among `batches` on a number of devices of a kind.
    pub(crate) fn new(threads: usize, (device, devices): (Device, usize), batches: usize) -> Self {
        let threads = threads.max(1);
        let workers = if device == Device::Cpu {
            threads.min(batches).clamp(1, MOST_WORKERS)
        } else {
            (GPU_WORKERS * devices).min(batches).max(1)
        };
        Self {
            workers,
            threads_each: (threads / workers).max(1),
        }
    }

    /// Threads in all.
    pub(crate) fn threads(self) -> usize {
        self.workers * self.threads_each
    }

    /// Batches that are handed out and not yet delivered: one that runs and one that lies ready for every worker, so that
    /// nobody waits while an earlier batch is still at work elsewhere.
    pub(crate) fn batches_in_flight(self) -> usize {
        2 * self.workers
    }
}

/// A batch's number, the batch, and its output, why there is none, or why it was not begun; nothing where the worker
/// panicked.
type FinishedBatch<T> = Option<(usize, Batch, Result<Result<T, BackendError>>)>;

/// Runs `run` on every batch, `pool.workers` at a time, and `deliver` on batch and answer in the batches' order.
/// Before each new batch `may_continue` is asked. Gives the time that workers waited for a batch, added up over them.
///
/// # Errors
/// The first error of reading, running, `may_continue` or `deliver`; no further batch is begun after it.
pub(crate) fn run_in_order<T: Send>(
    pool: WorkerPool,
    batches: &mut Batches<Error>,
    run: impl Fn(&Batch) -> Result<T, BackendError> + Sync,
    may_continue: impl Fn() -> Result<()> + Sync,
    mut deliver: impl FnMut(&Batch, Result<T, BackendError>) -> Result<()>,
) -> Result<Duration> {
    let (jobs, queue) = channel();
    let (answers_in, answers) = channel();
    let (queue, waited) = (Mutex::new(queue), AtomicU64::new(0));
    std::thread::scope(|scope| {
        // Dropped on every way out, so that the workers end before the scope waits for them.
        let jobs = jobs;
        for _ in 0..pool.workers {
            let (queue, answers, waited) = (&queue, answers_in.clone(), &waited);
            let run = |batch: &Batch| may_continue().map(|()| run(batch));
            scope.spawn(move || {
                // OpenMP keeps this number for every thread that starts work, so that each worker sets its own.
                tch::set_num_threads(i32::try_from(pool.threads_each).unwrap_or(1));
                run_worker(queue, &answers, waited, run);
            });
        }
        // Only the workers hold senders now, so the receiver ends with the last of them instead of waiting forever.
        drop(answers_in);
        let (mut begun, mut delivered) = (0, 0);
        let mut early = BTreeMap::new();
        loop {
            while begun < delivered + pool.batches_in_flight() {
                let Some(batch) = batches.next() else { break };
                // The workers outlive this loop unless one panics, and then the answer is missing below.
                let _ = jobs.send((begun, batch?));
                begun += 1;
            }
            if delivered == begun {
                return Ok(Duration::from_nanos(waited.load(Ordering::Relaxed)));
            }
            while !early.contains_key(&delivered) {
                // Nothing comes where a worker panicked; the scope passes that on.
                let Ok(Some((number, batch, answer))) = answers.recv() else {
                    return Ok(Duration::ZERO);
                };
                early.insert(number, (batch, answer));
            }
            if let Some((batch, answer)) = early.remove(&delivered) {
                deliver(&batch, answer?)?;
                batches.recycle(batch);
            }
            delivered += 1;
        }
    })
}

/// Runs batches on a worker's thread until there are no more, or until the receiver is gone.
fn run_worker<T>(
    queue: &Mutex<Receiver<(usize, Batch)>>,
    answers: &Sender<FinishedBatch<T>>,
    waited: &AtomicU64,
    run: impl Fn(&Batch) -> Result<Result<T, BackendError>>,
) {
    loop {
        let asked = Instant::now();
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, batch)) = job else { return };
        let nanos = u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX);
        waited.fetch_add(nanos, Ordering::Relaxed);
        let report = WorkerPanicNotifier(answers);
        let answer = run(&batch);
        drop(report);
        if answers.send(Some((number, batch, answer))).is_err() {
            return;
        }
    }
}

/// Notifies the receiver where the model panics. The receiver would wait for the output forever.
struct WorkerPanicNotifier<'a, T>(&'a Sender<FinishedBatch<T>>);

impl<T> Drop for WorkerPanicNotifier<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.send(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prefetch::{self, BatchPlan};
    use crate::shape::SegmentShape;
    use crate::signal_buffer::SignalBuffer;
    use std::sync::atomic::AtomicUsize;

    const BATCH_SIZE: usize = 3;

    fn with_batches<T>(
        read: impl Fn(usize, &mut [f32]) -> Result<()> + Sync,
        consume: impl FnOnce(&mut Batches<Error>) -> T,
    ) -> T {
        let shape = SegmentShape { leads: 1, samples: 1 };
        let buffer = |_| SignalBuffer::new(BATCH_SIZE, shape, Device::Cpu).unwrap();
        let plan = BatchPlan::new(std::slice::from_ref(&(0..100)), BATCH_SIZE, 1, 2);
        prefetch::with_batches(plan, (0..12).map(buffer).collect(), read, consume)
    }

    fn pool(workers: usize) -> WorkerPool {
        WorkerPool {
            workers,
            threads_each: 1,
        }
    }

    fn number(segment: usize, values: &mut [f32]) -> Result<()> {
        values.fill(segment as f32);
        Ok(())
    }

    /// Every other batch takes longer, so that answers come out of order.
    fn doubled(batch: &Batch) -> Result<Vec<f32>, BackendError> {
        let pause = if batch.segments.start.is_multiple_of(2) {
            300
        } else {
            0
        };
        std::thread::sleep(std::time::Duration::from_micros(pause));
        let values = &batch.signals.values()[..batch.rows];
        Ok(values.iter().map(|v| v * 2.0).collect())
    }

    #[test]
    fn answers_come_in_order_and_never_more_run_than_there_are_workers() {
        for workers in [1, 2, 5] {
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let run = |batch: &Batch| {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let answer = doubled(batch);
                running.fetch_sub(1, Ordering::SeqCst);
                answer
            };
            let mut seen = Vec::new();
            let done = with_batches(number, |batches| {
                run_in_order(
                    pool(workers),
                    batches,
                    run,
                    || Ok(()),
                    |_, answer| {
                        seen.extend(answer.unwrap());
                        Ok(())
                    },
                )
            });
            done.unwrap();
            assert_eq!(seen, (0..100).map(|i| 2.0 * i as f32).collect::<Vec<_>>());
            assert!(most.into_inner() <= workers);
        }
    }

    #[test]
    fn an_error_of_reading_running_or_delivering_ends_it() {
        let bad = |segment: usize, values: &mut [f32]| {
            if segment == 50 {
                Err(Error::device("unreadable"))
            } else {
                number(segment, values)
            }
        };
        let read = with_batches(bad, |batches| {
            run_in_order(pool(2), batches, doubled, || Ok(()), |_, _| Ok(()))
        });
        assert!(read.unwrap_err().to_string().contains("unreadable"));
        let mut delivered = 0;
        let stopped = with_batches(number, |batches| {
            run_in_order(
                pool(3),
                batches,
                doubled,
                || Ok(()),
                |batch, _| {
                    delivered += 1;
                    if batch.segments.contains(&30) {
                        Err(Error::Cancelled)
                    } else {
                        Ok(())
                    }
                },
            )
        });
        assert!(matches!(stopped, Err(Error::Cancelled)));
        assert_eq!(delivered, 11);
    }

    #[test]
    fn waiting_for_batches_is_told_and_computing_is_not_waiting() {
        let pause = std::time::Duration::from_millis(2);
        let slow = |segment: usize, values: &mut [f32]| {
            std::thread::sleep(pause);
            number(segment, values)
        };
        let waited = |read: fn(usize, &mut [f32]) -> Result<()>| {
            with_batches(read, |batches| {
                run_in_order(pool(1), batches, doubled, || Ok(()), |_, _| Ok(())).unwrap()
            })
        };
        let fed = waited(number);
        let starved = with_batches(slow, |batches| {
            run_in_order(pool(1), batches, |_| Ok(()), || Ok(()), |_, _| Ok(())).unwrap()
        });
        // Two readers share 100 pauses; whoever waits for them waits for most of that.
        assert!(starved > 25 * pause, "{starved:?}");
        assert!(fed < starved, "{fed:?} {starved:?}");
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_worker_that_dies_ends_the_run() {
        let run = |batch: &Batch| {
            assert!(!batch.segments.contains(&20), "dead");
            doubled(batch)
        };
        let _ = with_batches(number, |batches| {
            run_in_order(pool(2), batches, run, || Ok(()), |_, _| Ok(()))
        });
    }

    #[test]
    fn threads_are_shared_out() {
        let of = |threads, device, batches| {
            let pool = WorkerPool::new(threads, (device, 1), batches);
            (pool.workers, pool.threads_each)
        };
        assert_eq!(of(2, Device::Cpu, 100), (2, 1));
        assert_eq!(of(8, Device::Cpu, 2), (2, 4));
        assert_eq!(of(64, Device::Cpu, 1000), (16, 4));
        assert_eq!(of(4, Device::Cpu, 0), (1, 4));
        assert_eq!(of(4, Device::Cuda(0), 100), (2, 2));
        assert_eq!(of(1, Device::Cuda(0), 1), (1, 1));
        assert_eq!(WorkerPool::new(7, (Device::Cpu, 1), 3).threads(), 6);
        assert_eq!(WorkerPool::new(16, (Device::Cuda(0), 4), 100).workers, 8);
    }
}
