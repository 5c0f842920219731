//! Every exam is kept or set aside with its reason, and what is wrong with one changes nothing for the others.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{SAMPLES, contents, exams, lines, part, row, run, tracing};
use ecgfm_artifacts::formats::code15::WriteLayout;
use ecgfm_signals::{Error, Params, RejectOrKeep, UnreadableParts};
use std::path::Path;

const ZEROS: fn() -> Vec<f32> = || vec![0f32; SAMPLES * 12];

/// A release in which everything is wrong that can be, and exams 1, 2 and 3 are right.
fn faulty_release(raw: &Path) {
    let mut nan = tracing(2200, 8);
    nan[1000 * 12 + 4] = f32::NAN;
    let mut infinite = tracing(2200, 9);
    infinite[900 * 12 + 7] = f32::INFINITY;
    let first = [
        (0, ZEROS()), // The dummy row stands first here; in a release it is the last.
        (1, tracing(2400, 1)),
        (20, tracing(2400, 5)),
        (20, tracing(2400, 6)),
        (2, tracing(2100, 2)),
        (21, ZEROS()),
    ];
    let second = [
        (22, nan),
        (23, tracing(1999, 7)),
        (3, tracing(2000, 3)),
        (24, infinite),
        (0, ZEROS()),
        (25, tracing(2400, 4)),
    ];
    part(raw, "exams_part0.hdf5", &first, WriteLayout::Contiguous);
    part(raw, "exams_part1.hdf5", &second, WriteLayout::Contiguous);
    let (a, b) = ("exams_part0.hdf5", "exams_part1.hdf5");
    let rows = [
        row("3", b),
        row("23", b),
        row("26", a),
        row("25", a),
        row("1", a),
        row("1", b),
        row("27", "exams_part9.hdf5"),
        row("28", "../exams_part0.hdf5"),
        row("20", a),
        row("21", a),
        row("0", a),
        row("x7", a),
        row("22", b),
        row("24", b),
        row("29", a).replace("False,7,", "False,seven,"),
        row("2", a),
    ];
    exams(raw, &rows);
}

#[test]
fn every_fault_has_its_reason_and_read_is_kept_plus_rejected() {
    let dir = tempfile::tempdir().unwrap();
    faulty_release(dir.path());
    let out = dir.path().join("out");
    let outcome = run(&Params::new(dir.path()), &out).unwrap();
    assert_eq!(
        (
            outcome.counts["read"],
            outcome.counts["kept"],
            outcome.counts["rejected"]
        ),
        (16, 3, 13)
    );
    let wanted = [
        "exam_id,trace_file,reason,detail",
        "23,exams_part1.hdf5,too_short,1999 samples at 400 Hz are 4.9975 s; a segment is 5 s",
        "26,exams_part0.hdf5,missing_tracing,no part holds exam 26",
        "25,exams_part0.hdf5,wrong_trace_file,\"exam 25 is not in exams_part0.hdf5 but in exams_part1.hdf5, row 5\"",
        "1,exams_part1.hdf5,duplicate_exam,line 7 names the exam of line 6 again",
        "27,exams_part9.hdf5,unknown_trace_file,",
        "28,../exams_part0.hdf5,unknown_trace_file,",
        "20,exams_part0.hdf5,duplicate_tracing,\"exams_part0.hdf5 holds exam 20 in rows 2, 3\"",
        "21,exams_part0.hdf5,all_zero,all 2400 samples are 0",
        "0,exams_part0.hdf5,bad_row,\"line 12, column `exam_id`: `0` is not a positive integer\"",
        "x7,exams_part0.hdf5,bad_row,\"line 13, column `exam_id`: `x7` is not a positive integer\"",
        "22,exams_part1.hdf5,not_finite,sample 1000 of lead aVL is NaN",
        "24,exams_part1.hdf5,not_finite,sample 900 of lead V2 is inf",
        "29,exams_part0.hdf5,bad_row,\"line 16, column `patient_id`: a value that is not an integer or empty\"",
    ];
    let found = lines(&out.join("rejected.csv"));
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found} is not {wanted}");
    }
    let kept: Vec<String> = lines(&out.join("meta.csv"))[1..]
        .iter()
        .map(|l| l.split(',').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        kept,
        ["0 3", "4 1", "15 2"],
        "idx is the row number in exams.csv, an integer"
    );
    let segments = [
        "path,save_file,sample_size",
        "signals/segments/code_15_1_0,code_15_1.mat,2500",
        "signals/segments/code_15_2_0,code_15_2.mat,2500",
        "signals/segments/code_15_3_0,code_15_3.mat,2500",
    ];
    assert_eq!(lines(&out.join("segmented.csv")), segments);
}

#[test]
fn what_is_kept_is_the_same_with_and_without_the_faults_around_it() {
    let (faulty, clean) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    faulty_release(faulty.path());
    let rows: Vec<_> = [(1, 2400), (2, 2100), (3, 2000)]
        .map(|(id, n)| (id, tracing(n, id as usize)))
        .into();
    part(clean.path(), "exams_part0.hdf5", &rows, WriteLayout::Contiguous);
    exams(
        clean.path(),
        &["1", "2", "3"].map(|id| row(id, "exams_part0.hdf5")),
    );
    for raw in [faulty.path(), clean.path()] {
        run(&Params::new(raw), &raw.join("out")).unwrap();
    }
    let segments = |raw: &Path| contents(&raw.join("out/segments"));
    assert_eq!(segments(faulty.path()), segments(clean.path()));
}

#[test]
fn doubtful_recordings_are_kept_on_request_and_flagged() {
    let dir = tempfile::tempdir().unwrap();
    faulty_release(dir.path());
    let params = Params {
        all_zero: RejectOrKeep::Keep,
        not_finite: RejectOrKeep::Keep,
        ..Params::new(dir.path())
    };
    let out = dir.path().join("out");
    let outcome = run(&params, &out).unwrap();
    assert_eq!((outcome.counts["kept"], outcome.counts["rejected"]), (6, 10));
    let meta = std::fs::read_to_string(out.join("meta.csv")).unwrap();
    let line = |id: &str| {
        meta.lines()
            .find(|l| l.split(',').nth(1) == Some(id))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("21").contains(",False,False,[],True,\"['I', 'II', 'III'"),
        "{}",
        line("21")
    );
    assert!(line("22").contains(",True,False,[],False,[],"), "{}", line("22"));
    assert!(
        line("24").contains(",False,False,[],False,[],") && line("24").contains(",inf,"),
        "{}",
        line("24")
    );
}

#[test]
fn a_part_that_cannot_be_read_stops_the_run_or_loses_its_own_exams_only() {
    let dir = tempfile::tempdir().unwrap();
    faulty_release(dir.path());
    let path = dir.path().join("exams_part1.hdf5");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let stopped = run(&Params::new(dir.path()), &dir.path().join("a")).unwrap_err();
    assert!(
        matches!(&stopped, Error::BadInput { path: at, .. } if *at == path),
        "{stopped:?}"
    );
    let params = Params {
        unreadable_parts: Some(UnreadableParts::Reject),
        ..Params::new(dir.path())
    };
    let outcome = run(&params, &dir.path().join("b")).unwrap();
    assert_eq!(
        (outcome.counts["kept"], outcome.counts["rejected_unreadable_part"]),
        (2, 4)
    );
    std::fs::write(dir.path().join("exams_part0.hdf5"), b"no HDF5").unwrap();
    let nothing = run(&params, &dir.path().join("c")).unwrap_err().to_string();
    assert!(
        nothing.contains("none of 16 exams can be used: ") && nothing.contains("unreadable_part"),
        "{nothing}"
    );
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let message = |raw: &Path| match run(&Params::new(raw), &dir.path().join("out")).unwrap_err() {
        Error::BadInput { what, help, .. } => format!("{what}; {}", help.unwrap()),
        other => panic!("{other}"),
    };
    assert!(message(&dir.path().join("none")).starts_with("there is no such directory"));
    let raw = dir.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    assert!(message(&raw).starts_with("there is no table of exams; get CODE-15%"));
    exams(&raw, &[row("1", "exams_part0.hdf5")]);
    assert!(message(&raw).starts_with("holds no exams_part<number>.hdf5; get CODE-15%"));
    std::fs::write(raw.join("exams_part0.zip"), b"").unwrap();
    assert!(message(&raw).contains("; unpack the 1 .zip files that are there"));
    std::fs::write(raw.join("exams.csv"), "exam_id,AF\n1,True\n").unwrap();
    assert!(message(&raw).starts_with("no column `trace_file`; it has exam_id, AF"));
    std::fs::write(raw.join("exams.csv"), "exam_id,trace_file,mean_3\n1,a,0\n").unwrap();
    assert!(message(&raw).starts_with("column `mean_3` has a name that the stage gives"));
}

#[test]
fn threads_and_layouts_change_no_byte() {
    let (plain, packed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // More exams than a batch, and an order in the table that is not the parts'.
    let exam = |id: i64| (id, tracing(2000 + (id as usize * 37) % 401, id as usize));
    let rows: Vec<_> = (1..=270).map(exam).collect();
    let table: Vec<String> = (1..=270)
        .map(|i| row(&(1 + (i * 7) % 271 % 270).to_string(), "exams_part0.hdf5"))
        .collect();
    let chunks = WriteLayout::Chunked {
        rows: 8,
        gzip_level: 1,
        shuffle: true,
    };
    for (raw, layout) in [(plain.path(), WriteLayout::Contiguous), (packed.path(), chunks)] {
        part(raw, "exams_part0.hdf5", &rows, layout);
        exams(raw, &table);
    }
    let made = |raw: &Path, threads: usize| {
        let out = raw.join(format!("out{threads}"));
        run(
            &Params {
                threads: Some(threads),
                ..Params::new(raw)
            },
            &out,
        )
        .unwrap();
        contents(&out)
    };
    let one = made(plain.path(), 1);
    assert!(
        one == made(plain.path(), 3),
        "three threads write what one writes"
    );
    assert!(
        one == made(packed.path(), 2),
        "a compressed part gives what a plain one gives"
    );
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let refused = |change: fn(&mut Params)| {
        let mut params = Params::new("raw");
        change(&mut params);
        params.check().unwrap_err().to_string()
    };
    assert!(
        refused(|p| p.dataset = "ptb".into())
            .starts_with("parameter `dataset` is `ptb`; known are `code15`, `listed`")
    );
    assert!(refused(|p| p.sample_rate = Some(0)).starts_with("parameter `sample_rate` is refused: 0 Hz"));
    assert!(
        refused(|p| p.segment_seconds = Some(-1.0))
            .starts_with("parameter `segment_seconds` is refused: -1 s")
    );
    assert!(refused(|p| p.leads = Some(vec!["V9".into()])).starts_with("parameter `leads` is refused: `V9`"));
    assert!(refused(|p| p.threads = Some(0)).starts_with("parameter `threads` is 0"));
}

#[test]
fn an_interrupted_run_says_so() {
    use ecgfm_artifacts::stage::{Cancel, Context, NoProgress};
    let dir = tempfile::tempdir().unwrap();
    faulty_release(dir.path());
    let cancel = Cancel::default();
    cancel.cancel();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &cancel,
        chunks: None,
    };
    let stopped = ecgfm_signals::run(&Params::new(dir.path()), &ctx);
    assert!(matches!(stopped, Err(Error::Interrupted)));
}
