//! The archive: unpacked under a path with spaces, it runs the sample without a network and as another user.

use super::{built, can_pack, libtorch_found, runpath, sample_run, succeed};
use crate::common::root;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Packs and unpacks the archive below a directory; returns where the programs are. It takes a while, so every test shares it.
fn unpacked() -> &'static Path {
    static UNPACKED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, programs) = UNPACKED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let programs = unpack(dir.path());
        succeed(Command::new("chmod").arg("-R").arg("a+rX").arg(dir.path()));
        (dir, programs)
    });
    programs
}

fn unpack(dir: &Path) -> PathBuf {
    let dist = dir.join("dist");
    succeed(
        Command::new(root().join("packaging/archive"))
            .arg(&dist)
            .env("ECGFM_BUILT", built()),
    );
    let files = std::fs::read_dir(&dist).unwrap().map(|file| file.unwrap().path());
    let (sums, archives): (Vec<_>, Vec<_>) = files.partition(|file| file.extension().unwrap() == "sha256");
    assert_eq!((archives.len(), sums.len()), (1, 1));
    succeed(
        Command::new("sha256sum")
            .args(["--check", "--quiet"])
            .arg(&sums[0])
            .current_dir(&dist),
    );
    let place = dir.join("a path with spaces");
    std::fs::create_dir(&place).unwrap();
    succeed(
        Command::new("tar")
            .arg("xzf")
            .arg(&archives[0])
            .arg("-C")
            .arg(&place),
    );
    let unpacked = std::fs::read_dir(&place).unwrap().next().unwrap().unwrap().path();
    for needed in [
        "README.md",
        "LICENSE",
        "docs/formats.md",
        "lib/licences",
        "pipelines/code15.yaml",
    ] {
        assert!(unpacked.join(needed).exists(), "{needed}");
    }
    unpacked.join("bin")
}

#[test]
fn the_archive_runs_the_sample_anywhere() {
    if !can_pack() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let programs = unpacked();
    let program = programs.join("ecgfm");
    // No path of this checkout is left for the loader, so a libtorch that is missing in the archive would be missing.
    for name in ["ecgfm", "ecgfm-torch"] {
        assert_eq!(runpath(&programs.join(name)), "$ORIGIN/../lib/torch/lib");
    }
    let doctor = Command::new(&program)
        .args(["doctor", "--json"])
        .env_clear()
        .output()
        .unwrap();
    let (state, found) = libtorch_found(&doctor);
    assert_eq!(state, "ok", "{found}");
    let work = dir.path().join("work");
    std::fs::create_dir(&work).unwrap();
    assert!(sample_run(&program, &work).join("report/report.html").exists());
}

#[test]
fn the_archive_runs_without_network_for_another_user() {
    let as_nobody = [
        "-n",
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
    ];
    let can_change = Command::new("unshare").args(as_nobody).arg("true").output();
    if !can_change.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: only root can take the network away and become another user, with unshare and setpriv"
        );
        return;
    }
    if !can_pack() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = unpacked().join("ecgfm");
    let work = dir.path().join("work");
    std::fs::create_dir(&work).unwrap();
    succeed(Command::new("chmod").arg("-R").arg("a+rX").arg(dir.path()));
    succeed(Command::new("chown").arg("65534:65534").arg(&work));
    let mut run = Command::new("unshare");
    run.args(as_nobody).arg(&program);
    run.args(["run", "code15", "--quiet", "--set", "synth.exams=60"])
        .current_dir(&work);
    succeed(run.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", &work));
    assert!(work.join("runs/code15/sample/report/report.html").exists());
}
