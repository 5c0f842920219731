//! What it costs to feed a model: reading, batching and delivering, with no model behind it.
//!
//! `cargo bench -p ecgfm-infer`

#![allow(clippy::unwrap_used, missing_docs)] // A measurement stops where it cannot go on.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ecgfm_artifacts::store::{PackedWriter, SegmentReader};
use ecgfm_infer::prefetch::{BatchPlan, with_batches};
use ecgfm_infer::shape::SegmentShape;
use ecgfm_infer::signal_buffer::SignalBuffer;
use tch::Device;

/// Segments of the store, 120 kB each: it stays in the page cache.
const SEGMENTS: usize = 1024;
const SHAPE: SegmentShape = SegmentShape {
    leads: 12,
    samples: 2500,
};

fn main() {
    divan::main();
}

/// A packed store of made-up segments and their names.
fn store(dir: &std::path::Path) -> (SegmentReader, Vec<String>) {
    let mut writer = PackedWriter::new(dir, SHAPE.leads, SHAPE.samples).unwrap();
    let names: Vec<String> = (0..SEGMENTS).map(|i| format!("ecg_{i}_0")).collect();
    for (i, name) in names.iter().enumerate() {
        writer.push(name, &vec![i as f32; SHAPE.len()]).unwrap();
    }
    writer.finish().unwrap();
    (SegmentReader::open(dir).unwrap(), names)
}

/// Batches from a packed store, by threads that read ahead.
#[divan::bench(args = [(4, 2), (64, 2), (256, 2), (256, 4)], sample_count = 5, sample_size = 1)]
fn prefetch(bencher: Bencher<'_, '_>, (batch_size, readers): (usize, usize)) {
    let dir = tempfile::tempdir().unwrap();
    let (reader, names) = store(dir.path());
    let plan = BatchPlan::new(
        std::slice::from_ref(&(0..SEGMENTS)),
        batch_size,
        batch_size,
        readers,
    );
    let buffers = || (0..readers + 2).map(|_| SignalBuffer::new(batch_size, SHAPE, Device::Cpu).unwrap());
    bencher
        .counter(ItemsCount::new(SEGMENTS))
        .counter(BytesCount::new(SEGMENTS * SHAPE.len() * 4))
        .with_inputs(|| buffers().collect())
        .bench_local_values(|buffers| {
            let read = |segment: usize, values: &mut [f32]| reader.read(&names[segment], values);
            with_batches(plan.clone(), buffers, read, |batches| {
                while let Some(batch) = batches.next() {
                    batches.recycle(batch.unwrap());
                }
            });
        });
}

/// One segment, from the page cache into a buffer that is there already.
#[divan::bench(sample_count = 20, sample_size = 100)]
fn read_one(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().unwrap();
    let (reader, names) = store(dir.path());
    let (mut values, mut at) = (vec![0.0; SHAPE.len()], 0);
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        at = (at + 1) % SEGMENTS;
        reader.read(&names[at], &mut values).unwrap();
    });
}
