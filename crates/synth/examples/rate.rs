//! How fast a release is written: `cargo run --release --example rate -- EXAMS DIR`, with RAYON_NUM_THREADS set
//! to the number of threads to try. DIR must be new or empty.

use std::cell::Cell;
use std::error::Error;
use std::io::Write;
use std::time::Instant;

use ecgfm_synth::{SynthOptions, generate_release};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [exams, out] = arguments.as_slice() else {
        return Err("give the number of exams and a directory that is new or empty".into());
    };
    let options = SynthOptions {
        exams: exams.parse()?,
        ..SynthOptions::default()
    };
    let written = Cell::new(0);
    let start = Instant::now();
    generate_release(
        &options,
        out.as_ref(),
        &|exams| written.set(written.get() + exams),
        &|| false,
    )?;
    let seconds = start.elapsed().as_secs_f64();
    let rate = written.get() as f64 / seconds;
    writeln!(
        std::io::stdout(),
        "{} exams in {seconds:.2} s: {rate:.0} exams/s",
        written.get()
    )?;
    Ok(())
}
