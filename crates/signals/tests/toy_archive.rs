//! What a further archive needs is one module: a toy of one text file a recording, each of its own rate and leads.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;
mod toy;

use common::lines;
use ecgfm_archives::Archive;
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_artifacts::store::SegmentReader;
use ecgfm_recordings::Recording;
use ecgfm_signals::{Error, Params, Result, Store, run_on};
use std::path::Path;
use toy::{ToyArchive, write_recording};

/// Three recordings: one in the standard order of leads, one reversed and of another rate, one without a lead.
fn write_archive(dir: &Path) {
    std::fs::write(
        dir.join("patients.csv"),
        "record,person,AF\nA1,p1,1\nB2,p2,no idea\nC3,p1,0\nD4,p3,0\nE5,p3,\n",
    )
    .unwrap();
    let mut leads = ecgfm_artifacts::recipe::leads::NAMES.to_vec();
    write_recording(dir, "A1", 500, &leads, 600);
    write_recording(dir, "B2", 500, &leads, 600);
    leads.reverse();
    write_recording(dir, "C3", 250, &leads, 600);
    leads.retain(|lead| *lead != "aVR");
    write_recording(dir, "D4", 250, &leads, 600);
}

fn run_toy(dir: &Path, out: &Path, store: Store) -> Result<Outcome> {
    let params = Params {
        segment_seconds: Some(1.0),
        store,
        ..Params::new(dir)
    };
    let cancel = Cancel::default();
    let ctx = Context {
        out,
        home: Path::new("/runs/x/signals"),
        progress: &NoProgress,
        cancel: &cancel,
        chunks: None,
    };
    std::fs::create_dir_all(out).unwrap();
    run_on(&ToyArchive::open(dir), &params, &ctx)
}

#[test]
fn the_stage_reads_an_archive_that_it_does_not_know() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_archive(raw.path());
    let outcome = run_toy(raw.path(), out.path(), Store::Packed).unwrap();
    let count = |name: &str| outcome.counts.get(name).copied();
    assert_eq!(
        (count("read"), count("kept"), count("rejected")),
        (Some(5), Some(2), Some(3))
    );
    let meta = lines(&out.path().join("meta.csv"));
    assert!(
        meta[0].starts_with("idx,record,person,AF,path,save_file,"),
        "{}",
        meta[0]
    );
    assert!(
        meta[1].starts_with("0,A1,p1,True,A1,toy_A1.mat,toy,toy,0,"),
        "{}",
        meta[1]
    );
    assert!(
        meta[1].contains(",500,600,"),
        "its own rate and length: {}",
        meta[1]
    );
    assert!(meta[2].starts_with("2,C3,p1,False,C3,toy_C3.mat,"), "{}", meta[2]);
    assert!(
        meta[2].contains(",250,600,"),
        "its own rate and length: {}",
        meta[2]
    );
    let rejected = lines(&out.path().join("rejected.csv"));
    assert_eq!(rejected.len(), 1 + 3);
    assert!(rejected[1].starts_with("B2,,bad_row,"), "{}", rejected[1]);
    assert_eq!(rejected[2], "D4,,unreadable_tracing,lead aVR is missing");
    assert!(rejected[3].starts_with("E5,,missing_tracing,"), "{}", rejected[3]);
    // 600 samples at 250 Hz are 1200 at 500 Hz: two segments; leads in the standard order whatever the file's.
    let reader = SegmentReader::open(&out.path().join("segments")).unwrap();
    let (mut a, mut c) = (vec![0f32; 12 * 500], vec![0f32; 12 * 500]);
    reader.read("toy_A1_0", &mut a).unwrap();
    reader.read("toy_C3_1", &mut c).unwrap();
    assert_eq!(reader.shape("toy_C3_0").unwrap(), (12, 500));
    for lead in 0..12 {
        let row = &a[lead * 500..(lead + 1) * 500];
        let peak = (0..500).max_by(|x, y| row[*x].total_cmp(&row[*y])).unwrap();
        assert_eq!(
            peak,
            40 + 7 * lead,
            "the peak of lead {lead} is where the file has it"
        );
    }
}

#[test]
fn a_store_without_samples_is_refused_where_rows_are_text() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_archive(raw.path());
    let refused = run_toy(raw.path(), out.path(), Store::View).unwrap_err();
    assert!(
        matches!(refused, Error::Parameter { name: "store", .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("(text)"), "{refused}");
}

#[test]
fn a_recording_says_where_it_comes_from() {
    let raw = tempfile::tempdir().unwrap();
    write_archive(raw.path());
    let archive = ToyArchive::open(raw.path());
    assert_eq!(archive.exams().label_columns(), ["AF"]);
    assert_eq!(archive.exams().patient_column(), Some("person"));
    let located = archive.locate();
    let mut recording = Recording::default();
    let file = archive.file(located.found[1].location.file);
    file.recordings.as_ref().unwrap().read(0, &mut recording).unwrap();
    assert_eq!((recording.sample_rate, recording.len()), (250.0, 600));
    assert_eq!(recording.leads[0], "V6");
    assert_eq!(recording.file(), raw.path().join("C3.txt"));
}
