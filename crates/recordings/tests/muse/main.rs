//! GE MUSE's XML: what is written is read, what is damaged is refused or doubted, and others read the same.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod damaged;
mod document;
mod judge;
mod round_trip;
#[path = "../shared_data/mod.rs"]
mod shared_data;
