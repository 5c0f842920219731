//! File systems without locks.

use crate::common::{ok, synthetic_archive};
use crate::refused_calls::{error_text, refusal_library, signals_stage, with_refused_calls};

#[test]
fn a_file_system_without_locks_is_told_once_and_gone_on_with() {
    let Some(library) = refusal_library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 3, 1);
    // ENOLCK, ENOSYS, EOPNOTSUPP.
    for number in [37, 38, 95] {
        let out = dir.path().join(format!("out{number}"));
        let output = signals_stage(
            &mut with_refused_calls(library, &format!("lock:{number}:")),
            &raw,
            &out,
        )
        .output();
        let output = output.unwrap();
        let text = error_text(&output);
        assert!(output.status.success(), "{text}");
        assert_eq!(text.matches("the file system has no locks").count(), 1, "{text}");
        assert!(out.join("meta.csv").is_file());
    }
    // In a run's directory, too.
    let run = |refused: &str| {
        let mut command = with_refused_calls(library, refused);
        command.args([
            "run",
            "code15",
            "--profile",
            "full",
            "--until",
            "signals",
            "--workdir",
        ]);
        command.arg(dir.path().join("runs")).arg("--set");
        command.arg(format!("vars.raw={}", raw.display()));
        command
    };
    let output = run("lock:37:").output().unwrap();
    assert!(output.status.success(), "{}", error_text(&output));
    assert_eq!(
        error_text(&output)
            .matches("the file system has no locks")
            .count(),
        1
    );
    ok(&mut run(""));
}

#[test]
fn a_lock_that_fails_otherwise_ends_the_run_with_advice() {
    let Some(library) = refusal_library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 1, 1);
    let output = signals_stage(
        &mut with_refused_calls(library, "lock:5:"),
        &raw,
        &dir.path().join("out"),
    )
    .output();
    let output = output.unwrap();
    let text = error_text(&output);
    assert_eq!(output.status.code(), Some(75), "{text}");
    assert!(
        text.contains("cannot lock") && text.contains("\nhelp: "),
        "{text}"
    );
}
