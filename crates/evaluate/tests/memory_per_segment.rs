//! Memory of predict and evaluate for every further segment, counted by the allocator: no clock, no other process.
#![allow(clippy::unwrap_used)]
// The counting allocator implements an unsafe trait.
#![allow(unsafe_code)]

mod common;

use common::{LABELS, evaluate_params, key, predict_params, stage};
use ecgfm_artifacts::logits::LogitsWriter;
use ecgfm_evaluate::{evaluate, predict};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are allocated now, and the most that were.
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which counts.
struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn count(size: usize) {
    let now = NOW.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call is handed on to the system's allocator as it came, and what it returns is handed back.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// The most bytes that `work` has allocated at once.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

/// The idx of the first exam.
const FIRST: i64 = 1_000_000;

/// Writes the outputs of two segments an exam, two exams a patient, and what else both stages read.
fn write_inputs(dir: &Path, exams: i64) {
    std::fs::create_dir_all(dir.join("infer")).unwrap();
    // All numbers are of one length, so that keys ascend as those of a run do.
    let keys = (FIRST..FIRST + exams).flat_map(|idx| [key(idx, 0), key(idx, 1)]);
    let keys: Vec<_> = keys.collect();
    let mut writer = LogitsWriter::create(&dir.join("infer"), "test", LABELS).unwrap();
    // Short numbers, so that the tables are soon written.
    let logits = |at: usize| {
        if at.is_multiple_of(50) {
            [1.0; LABELS]
        } else {
            [0.0; LABELS]
        }
    };
    (0..keys.len()).for_each(|at| writer.push(&logits(at)).unwrap());
    let mut labels = "idx,RBBB,LBBB,SB,ST,AF\n".to_owned();
    let mut records = "idx,save_file,patient_id,is_male,age\n".to_owned();
    let mut splits = "idx,save_file,split,path,sample_size\n".to_owned();
    for (key, idx) in keys.iter().zip(keys.iter().map(|key| key.idx.unwrap())) {
        let (segment, file) = (&key.segment, &key.save_file);
        writeln!(splits, "{idx},{file},test,signals/segments/{segment},2500").unwrap();
        if segment.ends_with("_0") {
            let holds = if idx % 25 == 0 { "True" } else { "False" };
            writeln!(labels, "{idx},False,False,{holds},False,{holds}").unwrap();
            writeln!(records, "{idx},{file},{},True,50", idx / 2).unwrap();
        }
    }
    for (name, text) in [
        ("labels.csv", labels),
        ("meta.csv", records),
        ("splits.csv", splits),
    ] {
        std::fs::write(dir.join(name), text).unwrap();
    }
    writer.finish(keys.iter()).unwrap();
}

/// Bytes that predict and evaluate have at most.
fn peaks(exams: i64) -> [usize; 2] {
    let dir = tempfile::tempdir().unwrap();
    write_inputs(dir.path(), exams);
    let path = |name: &str| dir.path().join(name);
    let predicted = peak_of(|| {
        let params = predict_params(&path("infer"));
        stage(&path("predict"), |ctx| predict::run(&params, ctx)).unwrap();
    });
    let evaluated = peak_of(|| {
        let mut params = evaluate_params(&path("predict"), &path("labels.csv"));
        (params.splits, params.records) = (Some(path("splits.csv")), Some(path("meta.csv")));
        params.bootstrap = 64;
        stage(&path("evaluate"), |ctx| evaluate::run(&params, ctx)).unwrap();
    });
    [predicted, evaluated]
}

/// In one part: beyond the rows of a row group of `predictions.parquet`, predict holds keys only.
#[test]
fn a_further_segment_takes_no_more_memory_than_it_did() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let [few, many] = [10_000, 30_000].map(|exams| pool.install(|| peaks(exams)));
    let per_segment = |at: usize| (many[at] as f64 - few[at] as f64) / 40_000.0;
    let (predicted, evaluated) = (per_segment(0), per_segment(1));
    assert!(
        predicted < 750.0,
        "predict: {predicted:.0} bytes a segment, {few:?} and {many:?}"
    );
    assert!(
        evaluated < 300.0,
        "evaluate: {evaluated:.0} bytes a segment, {few:?} and {many:?}"
    );
}
