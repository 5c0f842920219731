//! File systems without locks.

use crate::common::ok;
use crate::refusing::{archive, library, refusing, said, signals};

#[test]
fn a_file_system_without_locks_is_told_once_and_gone_on_with() {
    let Some(library) = library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = archive(dir.path(), 3);
    // ENOLCK, ENOSYS, EOPNOTSUPP.
    for number in [37, 38, 95] {
        let out = dir.path().join(format!("out{number}"));
        let output = signals(&mut refusing(library, &format!("lock:{number}:")), &raw, &out).output();
        let output = output.unwrap();
        let text = said(&output);
        assert!(output.status.success(), "{text}");
        assert_eq!(text.matches("the file system has no locks").count(), 1, "{text}");
        assert!(out.join("meta.csv").is_file());
    }
    // In a run's directory, too.
    let run = |refused: &str| {
        let mut command = refusing(library, refused);
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
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output).matches("the file system has no locks").count(), 1);
    ok(&mut run(""));
}

#[test]
fn a_lock_that_fails_otherwise_ends_the_run_with_advice() {
    let Some(library) = library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = archive(dir.path(), 1);
    let output = signals(&mut refusing(library, "lock:5:"), &raw, &dir.path().join("out")).output();
    let output = output.unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("cannot lock") && text.contains("\nhelp: "),
        "{text}"
    );
}
