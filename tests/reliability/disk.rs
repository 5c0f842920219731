//! Disks that are full, fail or take no writes.

use crate::ground::{Course, Ground, Moment, RUN, copy, files, link, run_tree, timeless};
use ecgfm_pipeline::failpoint::{POINTS, Point};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

const PAGE: u64 = 4096;

/// A small disk of its own, in memory.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None where one may not mount; then the test says so and should return.
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=64m,huge=never", "tmpfs"])
            .arg(dir.path());
        if mount.output().is_ok_and(|o| o.status.success()) {
            return Some(Self(dir));
        }
        eprintln!("SKIPPED: mounting a small disk takes root; the same errors are injected elsewhere");
        None
    }

    /// Fills it up but for so many pages. Returns the file that takes the space.
    fn fill(&self, but: u64) -> std::path::PathBuf {
        let path = self.0.path().join("filler");
        let mut filler = File::create(&path).unwrap();
        while filler.write_all(&[0; PAGE as usize]).is_ok() {}
        let full = filler.metadata().unwrap().len();
        filler.set_len(full.saturating_sub(but * PAGE)).unwrap();
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs one stage, or the whole pipeline.
fn run(course: &Course, workdir: &Path, stage: &str, failpoint: Option<&str>) -> Output {
    let mut command = course.command(workdir, "run", &["--only", stage]);
    if let Some(spec) = failpoint {
        command.env("ECGFM_FAILPOINT", spec);
    }
    command.output().unwrap()
}

/// The run's directory is as a run leaves it that met no trouble.
fn assert_as(workdir: &Path, expected: &Moment, what: &str) {
    assert!(run_tree(workdir) == expected.tree, "{what}: other files");
    assert!(
        timeless(&workdir.join(RUN)) == expected.lock,
        "{what}: another lock.json"
    );
}

#[test]
fn a_full_disk_stops_every_stage_with_advice_and_the_run_goes_on_when_there_is_space() {
    let ground = Ground::get();
    let course = &ground.courses[0];
    for (at, stage) in ground.stages.iter().enumerate() {
        let Some(disk) = Disk::mount() else { return };
        let workdir = disk.0.path();
        copy(&course.moments[at].dir, workdir);
        let left = files(&course.moments[at + 1].dir.join(RUN).join(stage));
        let pages: u64 = left
            .iter()
            .map(|f| f.metadata().unwrap().len().div_ceil(PAGE))
            .sum();
        // One for the file that the run holds its lock on; then half of what the stage writes.
        let filler = disk.fill(1 + pages / 2);
        let output = run(course, workdir, stage, None);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(75), "{stage}: {text}");
        assert!(text.contains("No space left on device"), "{stage}: {text}");
        assert!(text.contains("help: free some space"), "{stage}: {text}");
        assert!(text.contains(workdir.to_str().unwrap()), "{stage}: {text}");
        for before in &ground.stages[..at] {
            let found = crate::ground::tree(&workdir.join(RUN).join(before));
            assert!(
                found == course.leaves(before),
                "{before} was harmed by the full disk in {stage}"
            );
        }
        fs::remove_file(filler).unwrap();
        let output = run(course, workdir, stage, None);
        assert!(output.status.success(), "{stage}: {}", said(&output));
        assert_as(workdir, &course.moments[at + 1], stage);
    }
}

#[test]
fn an_error_of_the_disk_at_any_point_is_told_and_the_next_run_puts_all_right() {
    let ground = Ground::get();
    let (course, at) = (&ground.courses[1], ground.index("splits"));
    let mut met = 0;
    for point in POINTS {
        for (action, error) in [
            ("ENOSPC", "No space left on device"),
            ("EIO", "Input/output error"),
            ("short", "No space left on device"),
        ] {
            let half = matches!(point, Point::FileWritten | Point::JournalSync | Point::LockSync);
            if action == "short" && !half {
                continue;
            }
            let what = format!("{}={action}", point.name());
            let dir = tempfile::tempdir().unwrap();
            link(&course.moments[at].dir, dir.path());
            let output = run(course, dir.path(), "splits", Some(&what));
            if output.status.success() {
                continue;
            }
            met += 1;
            let text = said(&output);
            assert_eq!(output.status.code(), Some(75), "{what}: {text}");
            assert!(text.contains(error), "{what}: {text}");
            assert!(text.contains("run again"), "{what}: {text}");
            assert!(text.contains(dir.path().to_str().unwrap()), "{what}: {text}");
            let again = run(course, dir.path(), "splits", None);
            assert!(again.status.success(), "{what}: {}", said(&again));
            assert_as(dir.path(), &course.moments[at + 1], &what);
        }
    }
    // All but those that only a stage of chunks, and a disk that cannot swap directories, come by.
    assert_eq!(met, 2 * (POINTS.len() - 3) + 3);
}

#[test]
fn a_disk_that_takes_no_writes_is_named() {
    let ground = Ground::get();
    let (course, at) = (&ground.courses[0], ground.index("labels"));
    let check = |workdir: &Path, failpoint: Option<&str>| {
        let output = run(course, workdir, "labels", failpoint);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("Read-only file system"), "{text}");
        assert!(text.contains("another --workdir"), "{text}");
        assert!(text.contains(workdir.to_str().unwrap()), "{text}");
    };
    let dir = tempfile::tempdir().unwrap();
    link(&course.moments[at].dir, dir.path());
    for point in ["run-begin", "temp-create", "file-create", "lock-create"] {
        check(dir.path(), Some(&format!("{point}=EROFS")));
    }
    let Some(disk) = Disk::mount() else { return };
    copy(&course.moments[at].dir, disk.0.path());
    let remounted = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk.0.path())
        .status();
    assert!(remounted.unwrap().success());
    check(disk.0.path(), None);
    let status = course.command(disk.0.path(), "status", &[]).output().unwrap();
    assert!(status.status.success(), "{}", said(&status));
}
