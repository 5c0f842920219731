//! Reads batches ahead of the model, in order, on threads of their own.
//!
//! A few threads fill buffers that are used again and again; the memory taken does not depend on the number of segments.
//! A thread takes a free buffer first and the next batch's number second, so the batch that the model waits for always
//! has a buffer. A batch is read by one thread, segment by segment in order: neighbours on disk are read as neighbours.

use crate::signal_buffer::SignalBuffer;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// Division of segments into batches, and the number of readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPlan {
    /// Runs of segments that are read, in order, each with the number of its first batch. No batch holds segments of two.
    runs: Vec<(usize, Range<usize>)>,
    batches: usize,
    /// Segments in a batch; the last of a run may hold fewer.
    pub batch_size: usize,
    /// The last batch of a run is padded to a multiple of this number of rows, but never beyond `batch_size`.
    pub multiple: usize,
    /// Threads that read.
    pub readers: usize,
}

impl BatchPlan {
    /// Batches of at most `batch_size` segments of these runs.
    pub fn new(runs: &[Range<usize>], batch_size: usize, multiple: usize, readers: usize) -> Self {
        let mut batches = 0;
        let number = |run: &Range<usize>| {
            let first = batches;
            batches += run.len().div_ceil(batch_size.max(1));
            (first, run.clone())
        };
        Self {
            runs: runs.iter().map(number).collect(),
            batches,
            batch_size,
            multiple,
            readers,
        }
    }

    /// Rows that a batch of `segments` segments is padded to.
    pub fn rows(&self, segments: usize) -> usize {
        segments
            .next_multiple_of(self.multiple.max(1))
            .min(self.batch_size)
    }

    fn range(&self, batch: usize) -> Range<usize> {
        let run = self.runs.partition_point(|(first, _)| *first <= batch);
        let Some((first, run)) = run.checked_sub(1).map(|at| &self.runs[at]) else {
            return 0..0;
        };
        let start = run.start + (batch - first) * self.batch_size;
        start..run.end.min(start + self.batch_size)
    }
}

/// Batch of segments, read and ready to run.
#[derive(Debug)]
pub struct Batch {
    /// Numbers of its segments: the first, and one past the last.
    pub segments: Range<usize>,
    /// Rows that the model runs on: its segments and the padding after them.
    pub rows: usize,
    /// Signals of the segments, one row after the other; what comes after `rows` is left from another batch.
    pub signals: SignalBuffer,
}

/// A batch's number with the batch, or with nothing where the thread that was reading it panicked.
type FilledBatch<E> = (usize, Option<Result<Batch, E>>);

/// The batches in order, as they become ready, or the error that reading one met.
pub struct Batches<E> {
    count: usize,
    next: usize,
    filled: Receiver<FilledBatch<E>>,
    free: Sender<SignalBuffer>,
    early: BTreeMap<usize, Result<Batch, E>>,
}

impl<E> Iterator for Batches<E> {
    type Item = Result<Batch, E>;

    fn next(&mut self) -> Option<Result<Batch, E>> {
        if self.next == self.count {
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
    /// Returns the buffer of a batch to the readers.
    pub fn recycle(&mut self, batch: Batch) {
        // Sending fails after the last batch, when every reader has ended.
        let _ = self.free.send(batch.signals);
    }
}

/// Runs `consume` on batches that threads fill with `read(segment, values)`. No more batches are in memory at a time than
/// there are `buffers`, each with room for [`BatchPlan::batch_size`] segments.
///
/// When `consume` returns early, reading stops.
pub fn with_batches<T, E: Send>(
    plan: BatchPlan,
    buffers: Vec<SignalBuffer>,
    read: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
    consume: impl FnOnce(&mut Batches<E>) -> T,
) -> T {
    let (free_sender, free) = channel();
    let (filled_sender, filled) = channel();
    for buffer in buffers {
        let _ = free_sender.send(buffer);
    }
    let (free, next, count) = (Mutex::new(free), AtomicUsize::new(0), plan.batches);
    std::thread::scope(|scope| {
        for _ in 0..plan.readers.max(1) {
            let (filled, plan, free, next, read) = (filled_sender.clone(), &plan, &free, &next, &read);
            scope.spawn(move || fill_buffers(plan, free, next, read, &filled));
        }
        // Only the readers hold senders now, so the receiver ends with the last of them instead of waiting forever.
        drop(filled_sender);
        let mut batches = Batches {
            count,
            next: 0,
            filled,
            free: free_sender,
            early: BTreeMap::new(),
        };
        consume(&mut batches)
    })
}

/// Fills buffers on a reading thread until the last batch, or until the receiver is gone.
fn fill_buffers<E>(
    plan: &BatchPlan,
    free: &Mutex<Receiver<SignalBuffer>>,
    next: &AtomicUsize,
    read: impl Fn(usize, &mut [f32]) -> Result<(), E>,
    filled: &Sender<FilledBatch<E>>,
) {
    loop {
        let buffer = free.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut signals) = buffer else { return };
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.batches {
            return;
        }
        let report = ReaderPanicNotifier { number, filled };
        let segments = plan.range(number);
        let len = signals.shape().len();
        let chunks = signals.values_mut().chunks_exact_mut(len.max(1));
        let outcome = segments
            .clone()
            .zip(chunks)
            .try_for_each(|(segment, values)| read(segment, values));
        let rows = plan.rows(segments.len());
        signals.pad(segments.len(), rows);
        // Dropped before the batch is sent: no panic after this point is one of reading.
        drop(report);
        let batch = outcome.map(|()| Batch {
            segments,
            rows,
            signals,
        });
        if filled.send((number, Some(batch))).is_err() {
            return;
        }
    }
}

/// Notifies the consumer where reading a batch panics. The consumer would wait for that batch forever.
struct ReaderPanicNotifier<'a, E> {
    number: usize,
    filled: &'a Sender<FilledBatch<E>>,
}

impl<E> Drop for ReaderPanicNotifier<'_, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.filled.send((self.number, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::SegmentShape;
    use std::sync::atomic::AtomicUsize;
    use tch::Device;

    fn plan(segments: usize, batch_size: usize) -> BatchPlan {
        BatchPlan::new(std::slice::from_ref(&(0..segments)), batch_size, 1, 3)
    }

    /// Room for four batches of segments of two values.
    fn buffers(plan: &BatchPlan) -> Vec<SignalBuffer> {
        let shape = SegmentShape { leads: 1, samples: 2 };
        let buffer = |_| SignalBuffer::new(plan.batch_size, shape, Device::Cpu).unwrap();
        (0..4).map(buffer).collect()
    }

    fn with<T, E: Send>(
        plan: BatchPlan,
        read: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
        consume: impl FnOnce(&mut Batches<E>) -> T,
    ) -> T {
        let buffers = buffers(&plan);
        with_batches(plan, buffers, read, consume)
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
        with(plan(103, 10), fill_with_number, |batches| {
            while let Some(batch) = batches.next() {
                let batch = batch.unwrap();
                assert_eq!(batch.rows, batch.segments.len());
                let values = &batch.signals.values()[..2 * batch.rows];
                seen.extend(values.iter().step_by(2).map(|&value| value as usize));
                batches.recycle(batch);
            }
        });
        assert_eq!(seen, (0..103).collect::<Vec<_>>());
    }

    #[test]
    fn no_batch_holds_segments_of_two_runs() {
        let plan = BatchPlan::new(&[4..7, 10..10, 20..26, 30..31], 3, 1, 2);
        let mut seen = Vec::new();
        with(plan, fill_with_number, |batches| {
            while let Some(batch) = batches.next() {
                let batch = batch.unwrap();
                seen.push(batch.segments.clone());
                batches.recycle(batch);
            }
        });
        assert_eq!(seen, [4..7, 20..23, 23..26, 30..31]);
    }

    #[test]
    fn the_last_batch_is_padded_to_a_multiple_with_its_first_segment() {
        let padded = |multiple: usize| {
            let plan = BatchPlan {
                multiple,
                ..plan(23, 10)
            };
            with(plan, fill_with_number, |batches| {
                let last = batches.last().unwrap().unwrap();
                let rows = last.signals.values().chunks_exact(2).take(last.rows);
                let rows: Vec<usize> = rows.map(|row| row[1] as usize).collect();
                (last.segments, rows)
            })
        };
        assert_eq!(padded(1), (20..23, vec![20, 21, 22]));
        assert_eq!(padded(4), (20..23, vec![20, 21, 22, 20]));
        assert_eq!(padded(10), (20..23, vec![20, 21, 22, 20, 20, 20, 20, 20, 20, 20]));
        assert_eq!(plan(23, 3).rows(2), 2);
        assert_eq!(
            BatchPlan {
                multiple: 4,
                ..plan(23, 3)
            }
            .rows(2),
            3,
            "never beyond the batch size"
        );
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
        with(plan(200, 1), read, |batches| {
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
        let (good, error) = with(plan(1_000_000, 10), read, |batches| {
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
        with(plan(1000, 1), read, |batches| {
            while let Some(Ok(batch)) = batches.next() {
                batches.recycle(batch)
            }
        });
    }

    #[test]
    fn no_segments_give_no_batches() {
        with(plan(0, 10), fill_with_number, |batches| {
            assert!(batches.next().is_none())
        });
    }
}
