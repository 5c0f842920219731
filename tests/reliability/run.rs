//! What happens to a run from outside: signals, a second run, inputs that change, clocks, odd places.

use crate::common::{ecgfm, signal};
use crate::ground::{Ground, RUN, link, run_tree, timeless};
use ecgfm_pipeline::{NoProgress, verify_outputs};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Starts a run that halts itself at a point, and waits until it has.
fn halted(command: &mut Command, point: &str) -> Child {
    let spec = format!("{point}=stop");
    let child = command
        .env("ECGFM_FAILPOINT", spec)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let stat = PathBuf::from(format!("/proc/{}/stat", child.id()));
    for _ in 0..3000 {
        let text = fs::read_to_string(&stat).unwrap_or_default();
        if text
            .rsplit(')')
            .next()
            .is_some_and(|t| t.trim_start().starts_with('T'))
        {
            return child;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("the run never came to {point}");
}

/// Lets it go on; what came of it.
fn goes_on(child: Child) -> Output {
    signal(&child, "-CONT");
    child.wait_with_output().unwrap()
}

#[test]
fn ctrl_c_and_sigterm_stop_every_stage_in_order_and_the_run_goes_on_from_there() {
    let ground = Ground::get();
    let course = &ground.courses[0];
    for (at, stage) in ground.stages.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        link(&course.moments[at].dir, dir.path());
        let child = halted(&mut course.command(dir.path(), "run", &[]), "stage-begin");
        let (name, code) = [("-INT", 130), ("-TERM", 143)][at % 2];
        signal(&child, name);
        let output = goes_on(child);
        let last = at + 1 == ground.stages.len();
        // The last stage may be done before it looks; then so is the run.
        if !(last && output.status.success()) {
            assert_eq!(output.status.code(), Some(code), "{stage}: {}", said(&output));
            assert!(
                said(&output).contains("run the same command again"),
                "{stage}: {}",
                said(&output)
            );
        }
        let again = course.command(dir.path(), "run", &["--only", stage]).output();
        assert!(again.unwrap().status.success());
        let expected = &course.moments[at + 1];
        let found = run_tree(dir.path());
        assert!(
            expected
                .tree
                .iter()
                .all(|(name, hash)| found.get(name) == Some(hash)),
            "{stage}: other files"
        );
    }
}

#[test]
fn a_second_run_on_one_workdir_is_refused_while_the_first_is_at_work() {
    let ground = Ground::get();
    let (course, at) = (&ground.courses[0], ground.index("labels"));
    let dir = tempfile::tempdir().unwrap();
    link(&course.moments[at].dir, dir.path());
    let run = || course.command(dir.path(), "run", &["--only", "labels"]);
    let first = halted(&mut run(), "lock-rename");
    let second = run().output().unwrap();
    assert_eq!(second.status.code(), Some(4), "{}", said(&second));
    assert!(said(&second).contains(&format!("process {}", first.id())));
    let status = course.command(dir.path(), "status", &[]).output().unwrap();
    assert!(status.status.success(), "status is not in the way");
    assert!(goes_on(first).status.success());
    assert!(run_tree(dir.path()) == course.moments[at + 1].tree);
}

/// An archive, and a pipeline that reads it from outside.
fn outside(dir: &Path) -> Command {
    let pipeline =
        "name: mine\nprofiles: { all: }\nstages:\n  signals: { uses: signals, with: { raw: RAW } }\n";
    let raw = dir.join("raw");
    if !raw.exists() {
        let made = ecgfm()
            .args(["synth", "--quiet", "--exams", "12", "-o"])
            .arg(&raw)
            .output();
        assert!(made.unwrap().status.success());
        let text = pipeline.replace("RAW", raw.to_str().unwrap());
        fs::write(dir.join("mine.yaml"), text).unwrap();
    }
    let mut command = ecgfm();
    command
        .arg("run")
        .arg(dir.join("mine.yaml"))
        .arg("--workdir")
        .arg(dir.join("runs"));
    command
}

/// Something that happens to an archive.
type Change = fn(&Path);

#[test]
fn an_input_that_changes_or_vanishes_while_it_is_read_is_not_taken_for_the_old_one() {
    let changes: [(&str, Change); 3] = [
        ("a line more", |raw| {
            let table = fs::read_to_string(raw.join("exams.csv")).unwrap();
            let more = table.lines().last().unwrap().to_owned();
            fs::write(raw.join("exams.csv"), table + &more + "\n").unwrap();
        }),
        ("a file less", |raw| {
            fs::remove_file(raw.join("exams.csv")).unwrap()
        }),
        ("all gone", |raw| fs::remove_dir_all(raw).unwrap()),
    ];
    for (what, change) in changes {
        let dir = tempfile::tempdir().unwrap();
        let child = halted(&mut outside(dir.path()), "file-create");
        let raw = dir.path().join("raw");
        let kept = dir.path().join("kept");
        crate::ground::copy(&raw, &kept);
        change(&raw);
        let output = goes_on(child);
        assert_eq!(output.status.code(), Some(3), "{what}: {}", said(&output));
        assert!(
            said(&output).contains("changed while the stage was reading it"),
            "{what}: {}",
            said(&output)
        );
        assert!(said(&output).contains(raw.to_str().unwrap()), "{what}");
        assert!(
            !dir.path().join("runs/mine/all/signals").exists(),
            "{what}: what it made is in place"
        );
        // With the input as it was, the stage has not run; and then it does.
        let _ = fs::remove_dir_all(&raw);
        fs::rename(&kept, &raw).unwrap();
        let again = outside(dir.path()).arg("--json").output().unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
        assert_eq!(summary["ran"], serde_json::json!(["signals"]), "{what}");
    }
}

#[test]
fn a_bit_that_rots_in_the_middle_of_the_raw_data_is_found_by_those_who_ask() {
    let dir = tempfile::tempdir().unwrap();
    assert!(outside(dir.path()).output().unwrap().status.success());
    let verify = |more: &[&str]| {
        let run_dir = dir.path().join("runs/mine/all");
        let output = ecgfm().arg("verify").arg(run_dir).args(more).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), told)
    };
    let (code, told) = verify(&["--inputs"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("recorded in inputs.json now"), "{told}");
    let part = dir.path().join("raw/exams_part0.hdf5");
    let time = fs::metadata(&part).unwrap().modified().unwrap();
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&part, bytes).unwrap();
    let file = fs::File::options().append(true).open(&part).unwrap();
    file.set_modified(time).unwrap();
    assert_eq!(verify(&[]).0, Some(0), "the outputs are as they were");
    let (code, told) = verify(&["--inputs", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&told).unwrap();
    let changed = serde_json::json!([part.to_str().unwrap()]);
    assert_eq!((code, &found["inputs"]["changed"]), (Some(3), &changed), "{told}");
}

#[test]
fn nothing_depends_on_clocks_that_only_go_forward() {
    let ground = Ground::get();
    let course = &ground.courses[0];
    let dir = Ground::finished();
    let far = Duration::from_secs(80 * 366 * 86_400);
    for time in [
        SystemTime::now() + far,
        SystemTime::UNIX_EPOCH - far,
        SystemTime::UNIX_EPOCH,
    ] {
        for path in crate::ground::files(dir.path()) {
            let file = File::options().append(true).open(path).unwrap();
            file.set_modified(time).unwrap();
        }
        let output = course.command(dir.path(), "run", &["--json"]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["ran"], serde_json::json!([]), "{time:?}");
        assert!(run_tree(dir.path()) == course.finished().tree);
        assert!(timeless(&dir.path().join(RUN)) == course.finished().lock);
        // A stage runs as well, with inputs that are younger than it, or older than anything.
        let forced = course.command(dir.path(), "run", &["--only", "splits", "--force"]);
        let forced = { forced }.output().unwrap();
        assert!(forced.status.success(), "{}", said(&forced));
    }
}

#[test]
fn a_workdir_may_have_spaces_and_any_letters() {
    let ground = Ground::get();
    let course = &ground.courses[0];
    let dir = tempfile::tempdir().unwrap();
    let workdir = dir.path().join("meine Läufe/心電図 'ECG' \"№ 1\" $HOME ${x} %20");
    fs::create_dir_all(&workdir).unwrap();
    let output = course.command(&workdir, "run", &[]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let found = verify_outputs(&workdir.join(RUN), &NoProgress, &Default::default()).unwrap();
    assert!(found.is_intact() && found.intact > 0);
    assert!(run_tree(&workdir) == course.finished().tree);
    let again = course.command(&workdir, "run", &["--json"]).output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(summary["ran"], serde_json::json!([]));
}
