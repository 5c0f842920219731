//! What is written where nobody looks at a terminal.

use crate::common::ecgfm;
use crate::refusing::{archive, library, refusing, said, signals};

#[test]
fn no_escape_code_goes_into_a_file() {
    let Some(library) = library() else { return };
    let dir = tempfile::tempdir().unwrap();
    let raw = archive(dir.path(), 2);
    // A warning, a usage error, a failure.
    let warned = signals(&mut refusing(library, "lock:38:"), &raw, &dir.path().join("out")).output();
    let wrong = ecgfm().args(["run", "--nosuch"]).output();
    let missing = signals(&mut ecgfm(), &dir.path().join("none"), &dir.path().join("out2")).output();
    for (output, word) in [(warned, "no locks"), (wrong, "--nosuch"), (missing, "none")] {
        let text = said(&output.unwrap());
        assert!(text.contains(word), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
