//! Fuzz target; what it does is in `bodies/muse.rs`.
#![no_main]

#[path = "../bodies/muse.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
