//! Faults of the system: named as what they are, exit code 75 or 1, never blamed on the data, never set aside.

use crate::common::{ecgfm, ok, synthetic_archive};
use crate::refused_calls::{error_text, refusal_library, signals_stage, with_limit, with_refused_calls};
use std::path::Path;
use std::process::Output;

/// Words that would blame the data for it.
const BLAMES: [&str; 5] = ["set aside", "unreadable_parts", "on_bad", "download", "damaged"];

/// The system's words for faults that may pass, after which a scheduler is to try again.
const PASSING: [&str; 7] = [
    "No space left on device",
    "Disk quota exceeded",
    "Input/output error",
    "Stale file handle",
    "No such device",
    "Host is down",
    "timed out",
];

/// Holds the output against what a fault of the system is to look like.
fn check(output: &Output, words: &[&str], out: &Path) {
    let text = error_text(output);
    let code = if PASSING.iter().any(|words| text.contains(words)) {
        75
    } else {
        1
    };
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains("\nhelp: "), "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    for blame in BLAMES {
        assert!(!text.contains(blame), "{blame}: {text}");
    }
    assert!(!text.contains("bug") && !text.contains("panicked"), "{text}");
    assert!(!out.exists(), "a stage that the system stopped left its results");
}

#[test]
fn too_many_open_files() {
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 40, 1);
    for policy in ["reject", "fail"] {
        let out = dir.path().join("out");
        let mut command = with_limit("ulimit -n 32");
        signals_stage(&mut command, &raw, &out);
        command.args([
            "--with",
            &format!("on_bad={policy}"),
            "--with",
            "unreadable_parts=reject",
        ]);
        check(
            &command.output().unwrap(),
            &["Too many open files", "ulimit -n"],
            &out,
        );
    }
    // Enough of them, and all is well.
    ok(signals_stage(
        &mut with_limit("ulimit -n 256"),
        &raw,
        &dir.path().join("enough"),
    ));
}

#[test]
fn every_refusal_of_a_part_is_the_systems() {
    let Some(library) = refusal_library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 3, 1);
    for (call, number, words) in [
        ("open", 13, ["Permission denied", "ls -l"]),
        ("open", 1, ["Operation not permitted", "ls -l"]),
        ("open", 23, ["Too many open files", "ulimit -n"]),
        ("open", 12, ["Cannot allocate memory", "ulimit -v"]),
        ("open", 116, ["Stale file handle", "system's log"]),
        ("read", 5, ["Input/output error", "system's log"]),
        ("read", 116, ["Stale file handle", "system's log"]),
    ] {
        let out = dir.path().join("out");
        let mut command = with_refused_calls(library, &format!("{call}:{number}:exams_part1"));
        signals_stage(&mut command, &raw, &out);
        command.args(["--with", "on_bad=reject", "--with", "unreadable_parts=reject"]);
        let output = command.output().unwrap();
        check(&output, &words, &out);
        assert!(
            error_text(&output).contains("exams_part1.hdf5"),
            "{}",
            error_text(&output)
        );
    }
}

#[test]
fn a_table_that_may_not_be_read_is_not_a_table_that_is_missing() {
    let Some(library) = refusal_library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 1, 1);
    let out = dir.path().join("out");
    let output = signals_stage(&mut with_refused_calls(library, "open:13:exams.csv"), &raw, &out).output();
    check(
        &output.unwrap(),
        &["exams.csv", "Permission denied", "ls -l"],
        &out,
    );
}

#[test]
fn disks_that_take_no_more() {
    let Some(library) = refusal_library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 2, 1);
    for (number, words) in [
        (28, ["No space left on device", "free some space"]),
        (122, ["Disk quota exceeded", "quota"]),
        (5, ["Input/output error", "system's log"]),
        (27, ["File too large", "ulimit -f"]),
    ] {
        let out = dir.path().join("results");
        // What the stage writes lies beside its place until it is done.
        let output = signals_stage(
            &mut with_refused_calls(library, &format!("write:{number}:results")),
            &raw,
            &out,
        )
        .output();
        check(&output.unwrap(), &words, &out);
    }
}

#[test]
fn the_run_after_a_fault_of_the_system_does_the_stage_that_failed() {
    let Some(library) = refusal_library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 4, 1);
    let arguments = |command: &mut std::process::Command| {
        command.args([
            "run",
            "code15",
            "--profile",
            "full",
            "--until",
            "signals",
            "--json",
            "--workdir",
        ]);
        command.arg(dir.path().join("runs")).arg("--set");
        command.arg(format!("vars.raw={}", raw.display()));
        command.args(["--set", "signals.unreadable_parts=reject"]);
    };
    let mut failing = with_refused_calls(library, "read:5:exams_part2");
    arguments(&mut failing);
    assert_eq!(failing.output().unwrap().status.code(), Some(75));
    let mut again = ecgfm();
    arguments(&mut again);
    let summary: serde_json::Value = serde_json::from_str(&ok(&mut again)).unwrap();
    assert_eq!(summary["ran"], serde_json::json!(["signals"]));
    let rejected = dir.path().join("runs/code15/full/signals/rejected.csv");
    assert_eq!(std::fs::read_to_string(rejected).unwrap().lines().count(), 1);
}

/// How `signals` ended under a limit of its address space.
#[derive(PartialEq)]
enum Ended {
    /// The system could not load the program, or its C library gave up on it; it said nothing of its own.
    NotLoaded,
    Refused,
    Done,
}

/// Runs `signals` on `raw` with so many KiB of address space, and holds a refusal against what it is to look like.
fn signals_within(raw: &Path, out: &Path, kib: u64) -> Ended {
    let mut command = with_limit(&format!("ulimit -v {kib}"));
    signals_stage(&mut command, raw, out).args([
        "--with",
        "on_bad=reject",
        "--with",
        "unreadable_parts=reject",
        "--with",
        "threads=2",
    ]);
    let output = command.output().unwrap();
    let text = error_text(&output);
    assert!(!text.contains("set aside"), "{kib}: {text}");
    match output.status.code() {
        Some(0) => Ended::Done,
        Some(126 | 127) => Ended::NotLoaded,
        None if text.is_empty() => Ended::NotLoaded,
        // It aborts where the few bytes are missing that note what a thread has to tidy up.
        None if text.starts_with("Fatal glibc error") => Ended::NotLoaded,
        _ => {
            check(&output, &["ulimit -v"], out);
            Ended::Refused
        }
    }
}

#[test]
fn little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 8, 1);
    let mut refused = 0;
    let mut attempt = |kib: u64| {
        let ended = signals_within(&raw, &dir.path().join(format!("out{kib}")), kib);
        refused += usize::from(ended == Ended::Refused);
        ended
    };
    for kib in [
        40_000, 80_000, 120_000, 160_000, 200_000, 240_000, 400_000, 800_000,
    ] {
        attempt(kib);
    }
    // What the program needs depends on the machine: halve the distance between too little to load it and enough.
    let (mut little, mut enough) = (10_000, 1_600_000);
    assert!(attempt(little) == Ended::NotLoaded && attempt(enough) == Ended::Done);
    while enough - little > 64 {
        let middle = little.midpoint(enough);
        match attempt(middle) {
            Ended::Done => enough = middle,
            Ended::NotLoaded | Ended::Refused => little = middle,
        }
    }
    assert!(
        refused > 0,
        "no limit let the program start and then refused it memory"
    );
}
