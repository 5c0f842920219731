//! Fuzz target; what it does is in `bodies/wfdb.rs`.
#![no_main]

#[path = "../bodies/wfdb.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
