//! Every store gives the same segments, whatever the raw files look like and however the stage got to its end.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{contents, exams, part, row, run, tracing};
use ecgfm_artifacts::formats::code15::{PartWriter, WriteLayout, WriteOptions};
use ecgfm_artifacts::stage::{Cancel, ChunkWork, Context, NoProgress, Progress, Shard};
use ecgfm_artifacts::store::SegmentReader;
use ecgfm_signals::{self as signals, Error, Params, Result, Store};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

const NAMES: [&str; 2] = ["exams_part0.hdf5", "exams_part3.hdf5"];

/// Six exams in two parts, one of them constant in a lead.
fn release(raw: &Path, layout: WriteLayout) {
    let mut flat = tracing(2300, 3);
    flat.iter_mut().skip(5).step_by(12).for_each(|v| *v *= 0.0);
    let parts = [
        vec![(11, tracing(2400, 1)), (12, tracing(1990, 2)), (13, flat)],
        vec![
            (14, tracing(2050, 4)),
            (15, tracing(2400, 5)),
            (16, tracing(2200, 6)),
        ],
    ];
    let mut rows = Vec::new();
    for (name, exams) in NAMES.iter().zip(&parts) {
        part(raw, name, exams, layout);
        rows.extend(exams.iter().map(|(id, _)| row(&id.to_string(), name)));
    }
    rows.reverse();
    exams(raw, &rows);
}

fn params(raw: &Path, store: Store) -> Params {
    Params {
        store,
        segment_seconds: Some(2.0),
        ..Params::new(raw)
    }
}

/// Bits of every segment, in the order of `segmented.csv`.
fn segments(out: &Path, store: Store) -> Vec<Vec<u32>> {
    let folder = if store == Store::Mat {
        "segmented"
    } else {
        "segments"
    };
    common::segments_in(out, folder, 1000)
}

#[test]
fn packed_view_and_mat_hold_the_same_bits() {
    let layouts = [
        WriteLayout::Contiguous,
        WriteLayout::Chunked {
            rows: 1,
            gzip_level: 4,
            shuffle: true,
        },
        WriteLayout::Chunked {
            rows: 2,
            gzip_level: 0,
            shuffle: false,
        },
    ];
    for layout in layouts {
        let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        release(raw.path(), layout);
        let of = |store: Store, name: &str| {
            let out = out.path().join(name);
            run(&params(raw.path(), store), &out).unwrap();
            segments(&out, store)
        };
        let packed = of(Store::Packed, "packed");
        assert_eq!(packed.len(), 14);
        assert_eq!(packed, of(Store::View, "view"));
        assert_eq!(packed, of(Store::Mat, "mat"));
    }
}

#[test]
fn half_precision_states_its_error_and_keeps_to_it() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    release(raw.path(), WriteLayout::Contiguous);
    run(&params(raw.path(), Store::Packed), &out.path().join("32")).unwrap();
    let outcome = run(&params(raw.path(), Store::Packed16), &out.path().join("16")).unwrap();
    let stated = outcome.facts["largest_error_of_float16"].as_f64().unwrap();
    let (wide, narrow) = (
        segments(&out.path().join("32"), Store::Packed),
        segments(&out.path().join("16"), Store::Packed16),
    );
    let mut worst = 0f64;
    for (a, b) in wide.iter().flatten().zip(narrow.iter().flatten()) {
        let (a, b) = (f64::from(f32::from_bits(*a)), f64::from(f32::from_bits(*b)));
        // Half a unit in the last place, or of the smallest number.
        assert!(
            (a - b).abs() <= (a.abs() / 2048.0).max(2f64.powi(-25)),
            "{a} became {b}"
        );
        worst = worst.max((a - b).abs());
    }
    assert!(worst > 0.0);
    assert!((stated - worst).abs() < 1e-9, "{stated} is stated, {worst} found");
}

#[test]
fn a_view_refuses_raw_files_that_it_cannot_read_and_others_than_it_was_made_from() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    release(raw.path(), WriteLayout::Contiguous);
    let view = out.path().join("view");
    run(&params(raw.path(), Store::View), &view).unwrap();
    let part = raw.path().join(NAMES[1]);
    let mut bytes = std::fs::read(&part).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let error = SegmentReader::open(&view.join("segments"))
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains(NAMES[1]) && error.contains("is not the file that the signals stage read"),
        "{error}"
    );
}

/// A release of many short recordings, so that the store has several parts.
fn many(raw: &Path) -> usize {
    const EXAMS: usize = 1300;
    let options = WriteOptions {
        layout: WriteLayout::Contiguous,
        rows: EXAMS,
        samples: 100,
        leads: 12,
    };
    let mut writer = PartWriter::create(&raw.join(NAMES[0]), options).unwrap();
    let mut rows = Vec::new();
    for i in 0..EXAMS {
        // Parts 1 and 2 of the store hold some that are set aside; part 1 nothing else.
        let zero = (512..1024).contains(&i) || i % 100 == 7;
        let values: Vec<f32> = (0..1200)
            .map(|v| {
                if zero {
                    0.0
                } else {
                    ((v * v + i) as f32 * 0.1).sin() + 0.2
                }
            })
            .collect();
        writer.write_row(i, i as i64 + 1, &values).unwrap();
        rows.push(row(&(i + 1).to_string(), NAMES[0]));
    }
    writer.finish().unwrap();
    exams(raw, &rows);
    EXAMS
}

fn short(raw: &Path, store: Store, threads: usize) -> Params {
    Params {
        store,
        segment_seconds: Some(0.1),
        threads: Some(threads),
        ..Params::new(raw)
    }
}

/// Asks to stop once so many exams are done.
struct StopAfter {
    exams: u64,
    done: AtomicU64,
    cancel: Cancel,
}

impl Progress for StopAfter {
    fn begin(&self, _total: u64, _unit: &'static str) {}
    fn advance(&self, n: u64) {
        if self.done.fetch_add(n, Ordering::SeqCst) + n >= self.exams {
            self.cancel.cancel();
        }
    }
    fn note(&self, _message: &str) {}
}

fn stopped(params: &Params, out: &Path, exams: u64) -> Result<()> {
    let progress = StopAfter {
        exams,
        done: AtomicU64::new(0),
        cancel: Cancel::default(),
    };
    let context = Context {
        out,
        home: Path::new("/runs/x/signals"),
        progress: &progress,
        cancel: &progress.cancel.clone(),
        chunks: None,
    };
    signals::run(params, &context).map(drop)
}

#[test]
fn an_interrupted_stage_goes_on_with_the_parts_that_are_missing() {
    for store in [Store::Packed, Store::Mat] {
        let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        many(raw.path());
        let (whole, cut) = (out.path().join("whole"), out.path().join("cut"));
        run(&short(raw.path(), store, 2), &whole).unwrap();
        std::fs::create_dir_all(&cut).unwrap();
        let params = short(raw.path(), store, 1);
        assert!(
            matches!(stopped(&params, &cut, 700), Err(Error::Interrupted)),
            "{store:?}"
        );
        let complete = || {
            let files = std::fs::read_dir(cut.join(".chunks")).unwrap().flatten();
            let names = files.map(|file| file.file_name().into_string().unwrap());
            names.filter(|name| name.ends_with(".jsonl")).count()
        };
        assert_eq!(complete(), 1, "{store:?}: one part of three is complete");
        let first =
            ["segments/part-00000.npy", "segmented/code_15_1_0.mat"][usize::from(store == Store::Mat)];
        let written = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
        let before = written(&cut.join(first));
        run(&params, &cut).unwrap();
        assert_eq!(
            written(&cut.join(first)),
            before,
            "{store:?}: what was complete is not written again"
        );
        assert_eq!(contents(&cut), contents(&whole), "{store:?}");
    }
}

#[test]
fn a_part_that_was_damaged_in_between_is_made_again() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    many(raw.path());
    let (whole, cut) = (out.path().join("whole"), out.path().join("cut"));
    let params = short(raw.path(), Store::Packed, 1);
    run(&params, &whole).unwrap();
    std::fs::create_dir_all(&cut).unwrap();
    assert!(stopped(&params, &cut, 700).is_err());
    // The store and its chunk are two names of one file.
    let part = cut.join("segments/part-00000.npy");
    let mut bytes = std::fs::read(&part).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    run(&params, &cut).unwrap();
    assert_eq!(contents(&cut), contents(&whole));
}

#[test]
fn shares_in_any_order_leave_what_one_run_leaves() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    many(raw.path());
    for store in [Store::Packed, Store::Packed16, Store::View, Store::Mat] {
        let params = short(raw.path(), store, 2);
        let [whole, merged, share] = ["whole", "merged", "share"].map(|name| {
            let dir = out.path().join(format!("{store:?}-{name}"));
            std::fs::create_dir_all(&dir).unwrap();
            dir
        });
        run(&params, &whole).unwrap();
        let chunks = out.path().join(format!("{store:?}-chunks"));
        let work = |out: &Path, shard| {
            let cancel = Cancel::default();
            let context = Context {
                out,
                home: Path::new("/runs/x/signals"),
                progress: &NoProgress,
                cancel: &cancel,
                chunks: Some(ChunkWork { dir: &chunks, shard }),
            };
            signals::run(&params, &context).unwrap()
        };
        let mut exams = 0;
        for number in [3, 1] {
            let done = work(&share, Shard::new(number, 3)).counts;
            assert_eq!(done["chunks"], 1, "{store:?}");
            exams += done["exams"];
        }
        assert_eq!(exams, 512 + 276, "{store:?}");
        // Two that were done, one that is missing.
        let merged_counts = work(&merged, None).counts;
        assert_eq!(
            merged_counts["kept"] + merged_counts["rejected"],
            1300,
            "{store:?}"
        );
        assert_eq!(contents(&merged), contents(&whole), "{store:?}");
    }
}

#[test]
fn any_number_of_threads_leaves_the_same_bytes_and_every_exam_is_accounted_for() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let exams = many(raw.path()) as u64;
    for store in [Store::Packed, Store::Packed16, Store::View] {
        let of = |threads: usize| {
            let out = out.path().join(format!("{store:?}{threads}"));
            let outcome = run(&short(raw.path(), store, threads), &out).unwrap();
            assert_eq!(outcome.counts["kept"] + outcome.counts["rejected"], exams);
            contents(&out)
        };
        let one = of(1);
        assert_eq!(one, of(3), "{store:?}");
        let parts = one
            .keys()
            .filter(|path| path.to_string_lossy().contains("part-0"))
            .count();
        // The part in the middle has nothing but exams that were set aside.
        assert_eq!(parts, if store == Store::View { 0 } else { 2 }, "{store:?}");
    }
}
