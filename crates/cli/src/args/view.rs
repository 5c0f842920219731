//! What can be typed after `ecgfm view`.

use clap::Args;
use std::path::PathBuf;

const ABOUT: &str = "\
Lists every exam of the run, those set aside included, by label, truth, probability, split, sex, age and more, those in doubt first,
and draws each on ECG paper. Verdicts (agree, disagree, unsure, a note) go into review.csv in the run's directory; nothing else is
written. Only this machine and whoever has the address, with its token, is answered. Ctrl-C ends it.

On another machine: start it there with --port 8765, and here: ssh -L 8765:127.0.0.1:8765 MACHINE";

/// Arguments of `ecgfm view`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct ViewArgs {
    /// A run directory: <workdir>/<pipeline>/<profile>.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Port on 127.0.0.1, from 1 on; one that is free if not given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Print JSON on standard output: url, port, run; once the run is read, exams.
    #[arg(long)]
    pub json: bool,
}
