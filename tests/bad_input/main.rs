//! Every row of docs/bad-input.md: what the program makes of it is what the page says, and each row has a test.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.
#![allow(missing_docs, unreachable_pub)]

mod archive;
#[path = "../common/mod.rs"]
mod common;
mod downstream;
mod matching;
mod page;
mod parts;
mod policy;
mod real;
mod recordings;
mod table;
mod truncated;
