//! Checkpoints of the real size and of every kind met in the wild, judged by a second implementation.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{ok, python, reference, root};

/// Export of a 1.08 GB checkpoint within 1.6 GB of memory, and logits, embeddings and saliency of the
/// real segments to 1e-5; see the script.
#[test]
fn the_real_size_exports_within_its_memory_and_agrees_with_numpy() {
    let (Some(reference), Some(mut python)) = (reference(), python()) else {
        return;
    };
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = root().join("tests/python/full_size.py");
    let said = ok(python
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_ecgfm"))
        .arg(&reference)
        .arg(dir.path()));
    for what in ["logits", "embedding", "saliency"] {
        assert!(said.contains(&format!("{what}: largest difference")), "{said}");
    }
}

/// Names, devices, types and company of the weights vary; one checkpoint would run a command. See the script.
#[test]
fn checkpoints_as_met_in_the_wild_export_and_a_trap_executes_nothing() {
    let (Some(reference), Some(mut python)) = (reference(), python()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let script = root().join("tests/python/checkpoint_variants.py");
    let said = ok(python
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_ecgfm"))
        .arg(&reference)
        .arg(dir.path()));
    assert!(said.contains("15 variants"), "{said}");
}
