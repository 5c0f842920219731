//! `ecgfm inspect`, `plot`, `predict` and `convert` on files of any format and on directories of them.

#![allow(clippy::unwrap_used, clippy::print_stderr, unreachable_pub)] // A test that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;
mod convert;
mod files;
mod inspect;
mod plot;
mod predict;
