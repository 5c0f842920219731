//! Files that nobody vouches for: docs/reliability.md, "Untrusted files".

#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)] // A test that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod counts;
mod hdf5;
mod paths;

// The bodies of the fuzz targets, so that they are compiled, and run over their seeds, by every `cargo test`.
#[path = "../../fuzz/bodies/arrays.rs"]
mod arrays;
#[path = "../../fuzz/bodies/csv.rs"]
mod csv;
#[path = "../../fuzz/bodies/layout.rs"]
mod layout;
#[path = "../../fuzz/bodies/manifest.rs"]
mod manifest;
#[path = "../../fuzz/bodies/mat.rs"]
mod mat;
#[path = "../../fuzz/bodies/muse.rs"]
mod muse;
#[path = "../../fuzz/bodies/npy.rs"]
mod npy;
#[path = "../../fuzz/bodies/pipeline.rs"]
mod pipeline;
#[path = "../../fuzz/bodies/pt.rs"]
mod pt;
#[path = "../../fuzz/bodies/scratch.rs"]
mod scratch;
#[path = "../../fuzz/bodies/store.rs"]
mod store;
#[path = "../../fuzz/bodies/table.rs"]
mod table;
#[path = "../../fuzz/bodies/wfdb.rs"]
mod wfdb;

/// The stage signals on a raw archive, with further parameters.
fn signals(raw: &std::path::Path, out: &std::path::Path, with: &[&str]) -> std::process::Command {
    let mut stage = common::ecgfm();
    stage.args([
        "stage",
        "signals",
        "--quiet",
        "--with",
        "dataset=code15",
        "--with",
    ]);
    stage.arg(format!("raw={}", raw.display())).arg("--out").arg(out);
    with.iter().for_each(|with| {
        stage.args(["--with", with]);
    });
    stage
}
