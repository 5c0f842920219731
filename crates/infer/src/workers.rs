//! Runs a model on several batches at once and hands its answers on in order.
//!
//! On a CPU one batch a core beats one batch on all cores: nobody waits for the slowest thread after every operation,
//! which costs most where the machine has other work too. And a batch computed by one thread is the same to the
//! last bit on any number of cores.

use crate::prefetch::{Batch, Batches};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use tch::{Device, TchError};

/// More batches at once are not run; on a larger machine each gets several threads.
const MOST_WORKERS: usize = 16;

/// How many batches run at once, on how many threads each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crew {
    /// Batches at once.
    pub(crate) workers: usize,
    /// Threads of libtorch for each.
    pub(crate) threads_each: usize,
}

impl Crew {
    /// Shares `threads` out among `batches`. A GPU takes one batch at a time.
    pub(crate) fn new(threads: usize, device: Device, batches: usize) -> Self {
        let threads = threads.max(1);
        let workers = if device == Device::Cpu {
            threads.min(batches).clamp(1, MOST_WORKERS)
        } else {
            1
        };
        Self {
            workers,
            threads_each: threads / workers,
        }
    }

    /// Threads in all.
    pub(crate) fn threads(self) -> usize {
        self.workers * self.threads_each
    }
}

/// A batch's number, the batch, and its answer or why there is none; nothing where the worker died.
type Answer<T> = Option<(usize, Batch, Result<T, TchError>)>;

/// Runs `run` on every batch, `crew.workers` at a time, and `deliver` on batch and answer in the batches' order.
/// Before each new batch `go_on` is asked.
///
/// # Errors
/// The first error of reading, running, `go_on` or `deliver`; no further batch is begun after it.
pub(crate) fn in_order<T: Send>(
    crew: Crew,
    batches: &mut Batches<Error>,
    run: impl Fn(&Batch) -> Result<T, TchError> + Sync,
    go_on: impl Fn() -> Result<()>,
    mut deliver: impl FnMut(&Batch, Result<T, TchError>) -> Result<()>,
) -> Result<()> {
    let (jobs, queue) = channel();
    let (answers_in, answers) = channel();
    let queue = Mutex::new(queue);
    std::thread::scope(|scope| {
        // Dropped on every way out, so that the workers end before the scope waits for them.
        let jobs = jobs;
        for _ in 0..crew.workers {
            let (queue, answers, run) = (&queue, answers_in.clone(), &run);
            scope.spawn(move || {
                tch::set_num_threads(i32::try_from(crew.threads_each).unwrap_or(1));
                work(queue, &answers, run);
            });
        }
        drop(answers_in);
        let (mut begun, mut delivered) = (0, 0);
        let mut early = BTreeMap::new();
        loop {
            while begun < delivered + crew.workers {
                go_on()?;
                let Some(batch) = batches.next() else { break };
                // The workers outlive this loop unless one panics, and then the answer is missing below.
                let _ = jobs.send((begun, batch?));
                begun += 1;
            }
            if delivered == begun {
                return Ok(());
            }
            while !early.contains_key(&delivered) {
                // Nothing comes where a worker panicked; the scope passes that on.
                let Ok(Some((number, batch, answer))) = answers.recv() else {
                    return Ok(());
                };
                early.insert(number, (batch, answer));
            }
            if let Some((batch, answer)) = early.remove(&delivered) {
                deliver(&batch, answer)?;
                batches.recycle(batch);
            }
            delivered += 1;
        }
    })
}

/// A worker: ends once there are no more batches or nobody listens.
fn work<T>(
    queue: &Mutex<Receiver<(usize, Batch)>>,
    answers: &Sender<Answer<T>>,
    run: impl Fn(&Batch) -> Result<T, TchError>,
) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, batch)) = job else { return };
        let report = Death(answers);
        let answer = run(&batch);
        drop(report);
        if answers.send(Some((number, batch, answer))).is_err() {
            return;
        }
    }
}

/// Tells the other end if the model panics; it would wait for the answer forever.
struct Death<'a, T>(&'a Sender<Answer<T>>);

impl<T> Drop for Death<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.send(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prefetch::{Plan, with_batches};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const PLAN: Plan = Plan {
        segments: 100,
        batch_size: 3,
        segment_len: 1,
        readers: 2,
        buffers: 7,
    };

    fn crew(workers: usize) -> Crew {
        Crew {
            workers,
            threads_each: 1,
        }
    }

    fn number(segment: usize, values: &mut [f32]) -> Result<()> {
        values.fill(segment as f32);
        Ok(())
    }

    /// Every other batch takes longer, so that answers come out of order.
    fn doubled(batch: &Batch) -> Result<Vec<f32>, TchError> {
        let pause = if batch.segments.start.is_multiple_of(2) {
            300
        } else {
            0
        };
        std::thread::sleep(std::time::Duration::from_micros(pause));
        Ok(batch.values.iter().map(|v| v * 2.0).collect())
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
            let done = with_batches(PLAN, number, |batches| {
                in_order(
                    crew(workers),
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
        let read = with_batches(PLAN, bad, |batches| {
            in_order(crew(2), batches, doubled, || Ok(()), |_, _| Ok(()))
        });
        assert!(read.unwrap_err().to_string().contains("unreadable"));
        let mut delivered = 0;
        let stopped = with_batches(PLAN, number, |batches| {
            in_order(
                crew(3),
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
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_worker_that_dies_ends_the_run() {
        let run = |batch: &Batch| {
            assert!(!batch.segments.contains(&20), "dead");
            doubled(batch)
        };
        let _ = with_batches(PLAN, number, |batches| {
            in_order(crew(2), batches, run, || Ok(()), |_, _| Ok(()))
        });
    }

    #[test]
    fn threads_are_shared_out() {
        let of = |threads, device, batches| {
            let crew = Crew::new(threads, device, batches);
            (crew.workers, crew.threads_each)
        };
        assert_eq!(of(2, Device::Cpu, 100), (2, 1));
        assert_eq!(of(8, Device::Cpu, 2), (2, 4));
        assert_eq!(of(64, Device::Cpu, 1000), (16, 4));
        assert_eq!(of(4, Device::Cpu, 0), (1, 4));
        assert_eq!(of(4, Device::Cuda(0), 100), (1, 4));
        assert_eq!(Crew::new(7, Device::Cpu, 3).threads(), 6);
    }
}
