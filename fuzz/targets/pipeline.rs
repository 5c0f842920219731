//! Fuzz target; what it does is in `bodies/pipeline.rs`.
#![no_main]

#[path = "../bodies/pipeline.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
