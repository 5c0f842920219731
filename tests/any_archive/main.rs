//! Archives of other layouts than CODE-15's: their pipelines, and the commands of docs/data.md.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)] // A test that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;
mod page;
mod pipelines;
mod rates;
mod recipes;
mod reference;
mod sensitivity;
mod sources;
