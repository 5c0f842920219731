//! Fuzz target; what it does is in `bodies/mat.rs`.
#![no_main]

#[path = "../bodies/mat.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
