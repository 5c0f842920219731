//! Every kind of bad input in inputs.md: the program does with it as its row says, and each row has a test.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.
#![allow(missing_docs, unreachable_pub)]

mod archive;
#[path = "../common/mod.rs"]
mod common;
mod downstream;
mod inputs;
mod matching;
mod parts;
mod policy;
mod real;
mod recipes;
mod recordings;
mod table;
mod truncated;
