//! Reads batches ahead of the model, in order.
//!
//! A few threads fill buffers that are used again and again; the memory taken does not depend on the number of segments.
//! A thread takes a free buffer first and the next batch's number second, so the batch that the model waits for always
//! has a buffer.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// How to cut the segments into batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Segments in all.
    pub segments: usize,
    /// Segments in a batch; the last may hold fewer.
    pub batch_size: usize,
    /// Values in a segment.
    pub segment_len: usize,
    /// Threads that read.
    pub readers: usize,
    /// Batches in memory at a time.
    pub buffers: usize,
}

impl Plan {
    fn batches(&self) -> usize {
        self.segments.div_ceil(self.batch_size.max(1))
    }

    fn range(&self, batch: usize) -> Range<usize> {
        let start = batch * self.batch_size;
        start..self.segments.min(start + self.batch_size)
    }
}

/// One batch.
#[derive(Debug)]
pub struct Batch {
    /// Number of its first segment and one past its last.
    pub segments: Range<usize>,
    /// Their values, one segment after the other.
    pub values: Vec<f32>,
}

/// A batch's number with the batch, or with nothing where the thread that was reading it died.
type Filled<E> = (usize, Option<Result<Batch, E>>);

/// The batches in order, as they become ready, or the error that reading one met.
pub struct Batches<E> {
    plan: Plan,
    next: usize,
    filled: Receiver<Filled<E>>,
    free: Sender<Vec<f32>>,
    early: BTreeMap<usize, Result<Batch, E>>,
}

impl<E> Iterator for Batches<E> {
    type Item = Result<Batch, E>;

    fn next(&mut self) -> Option<Result<Batch, E>> {
        if self.next == self.plan.batches() {
            return None;
        }
        while !self.early.contains_key(&self.next) {
            // Nothing arrives only where a reading thread panicked, which the scope passes on once it ends.
            let (number, batch) = self.filled.recv().ok()?;
            self.early.insert(number, batch?);
        }
        let batch = self.early.remove(&self.next);
        self.next += 1;
        batch
    }
}

impl<E> Batches<E> {
    /// Hands a batch's buffer back for another one.
    pub fn recycle(&mut self, batch: Batch) {
        // Nobody takes it after the last batch.
        let _ = self.free.send(batch.values);
    }
}

/// Runs `consume` on batches that threads fill with `read(segment, values)`.
///
/// When `consume` returns early, reading stops.
pub fn with_batches<T, E: Send>(
    plan: Plan,
    read: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
    consume: impl FnOnce(&mut Batches<E>) -> T,
) -> T {
    let (free_sender, free) = channel();
    let (filled_sender, filled) = channel();
    for _ in 0..plan.buffers.max(1) {
        let _ = free_sender.send(Vec::new());
    }
    let (free, next) = (Mutex::new(free), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..plan.readers.max(1) {
            let (filled, free, next, read) = (filled_sender.clone(), &free, &next, &read);
            scope.spawn(move || fill(plan, free, next, read, &filled));
        }
        drop(filled_sender);
        let mut batches = Batches {
            plan,
            next: 0,
            filled,
            free: free_sender,
            early: BTreeMap::new(),
        };
        consume(&mut batches)
    })
}

/// A reading thread: ends after the last batch, or once nobody listens.
fn fill<E>(
    plan: Plan,
    free: &Mutex<Receiver<Vec<f32>>>,
    next: &AtomicUsize,
    read: impl Fn(usize, &mut [f32]) -> Result<(), E>,
    filled: &Sender<Filled<E>>,
) {
    loop {
        let buffer = free.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut values) = buffer else { return };
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.batches() {
            return;
        }
        let report = Death { number, filled };
        let segments = plan.range(number);
        values.resize(segments.len() * plan.segment_len, 0.0);
        let chunks = values.chunks_exact_mut(plan.segment_len.max(1));
        let outcome = segments
            .clone()
            .zip(chunks)
            .try_for_each(|(segment, values)| read(segment, values));
        drop(report);
        if filled
            .send((number, Some(outcome.map(|()| Batch { segments, values }))))
            .is_err()
        {
            return;
        }
    }
}

/// Tells the consumer if reading a batch panics; it would wait for that batch forever.
struct Death<'a, E> {
    number: usize,
    filled: &'a Sender<Filled<E>>,
}

impl<E> Drop for Death<'_, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.filled.send((self.number, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn plan(segments: usize, batch_size: usize) -> Plan {
        Plan {
            segments,
            batch_size,
            segment_len: 2,
            readers: 3,
            buffers: 4,
        }
    }

    fn fill_with_number(segment: usize, values: &mut [f32]) -> Result<(), usize> {
        // Later segments are ready sooner, so order has to be restored.
        std::thread::sleep(std::time::Duration::from_micros(if segment.is_multiple_of(2) {
            300
        } else {
            0
        }));
        values.fill(segment as f32);
        Ok(())
    }

    #[test]
    fn batches_come_in_order_and_the_last_is_short() {
        let mut seen = Vec::new();
        with_batches(plan(103, 10), fill_with_number, |batches| {
            while let Some(batch) = batches.next() {
                let batch = batch.unwrap();
                assert_eq!(batch.values.len(), 2 * batch.segments.len());
                seen.extend(batch.values.iter().step_by(2).map(|&value| value as usize));
                batches.recycle(batch);
            }
        });
        assert_eq!(seen, (0..103).collect::<Vec<_>>());
    }

    #[test]
    fn memory_is_bounded_by_the_buffers() {
        let (filled, largest) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let consumed = AtomicUsize::new(0);
        let read = |_: usize, _: &mut [f32]| -> Result<(), ()> {
            let ahead = filled.fetch_add(1, Ordering::SeqCst) + 1 - consumed.load(Ordering::SeqCst);
            largest.fetch_max(ahead, Ordering::SeqCst);
            Ok(())
        };
        with_batches(plan(200, 1), read, |batches| {
            while let Some(Ok(batch)) = batches.next() {
                consumed.fetch_add(1, Ordering::SeqCst);
                batches.recycle(batch);
            }
        });
        assert!(largest.into_inner() <= 4);
    }

    #[test]
    fn an_error_arrives_in_its_place_and_an_early_end_stops_the_readers() {
        let read = |segment: usize, _: &mut [f32]| if segment == 25 { Err(segment) } else { Ok(()) };
        let (good, error) = with_batches(plan(1_000_000, 10), read, |batches| {
            let mut good = 0;
            loop {
                match batches.next() {
                    Some(Ok(batch)) => {
                        good += batch.segments.len();
                        batches.recycle(batch);
                    }
                    Some(Err(segment)) => return (good, segment),
                    None => unreachable!("the error comes first"),
                }
            }
        });
        assert_eq!((good, error), (20, 25));
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_reader_that_dies_ends_the_run() {
        let read = |segment: usize, _: &mut [f32]| -> Result<(), ()> {
            assert!(segment != 3, "dead");
            Ok(())
        };
        with_batches(plan(1000, 1), read, |batches| {
            while let Some(Ok(batch)) = batches.next() {
                batches.recycle(batch)
            }
        });
    }

    #[test]
    fn no_segments_give_no_batches() {
        with_batches(plan(0, 10), fill_with_number, |batches| {
            assert!(batches.next().is_none())
        });
    }
}
