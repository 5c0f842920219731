//! What is written where nobody looks at a terminal.

use crate::common::{ecgfm, synthetic_archive};
use crate::refused_calls::{error_text, refusal_library, signals_stage, with_refused_calls};

#[test]
fn no_escape_code_goes_into_a_file() {
    let Some(library) = refusal_library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 2, 1);
    // A warning, a usage error, a failure.
    let warned = signals_stage(
        &mut with_refused_calls(library, "lock:38:"),
        &raw,
        &dir.path().join("out"),
    )
    .output();
    let wrong = ecgfm().args(["run", "--nosuch"]).output();
    let missing = signals_stage(&mut ecgfm(), &dir.path().join("none"), &dir.path().join("out2")).output();
    for (output, word) in [(warned, "no locks"), (wrong, "--nosuch"), (missing, "none")] {
        let text = error_text(&output.unwrap());
        assert!(text.contains(word), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
