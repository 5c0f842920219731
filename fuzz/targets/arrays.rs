//! Fuzz target; what it does is in `bodies/arrays.rs`.
#![no_main]

#[path = "../bodies/arrays.rs"]
mod body;
#[path = "../bodies/scratch.rs"]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
