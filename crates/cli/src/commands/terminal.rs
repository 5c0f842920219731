//! `ecgfm completions` and `ecgfm man`: what shells and `man` know of the commands.

use crate::args::{Cli, CompletionsArgs, ManArgs};
use clap::CommandFactory;
use ecgfm_pipeline::{Error, ErrorKind};

/// Prints the completions of a shell.
///
/// # Errors
/// Standard output cannot be written.
pub fn completions(args: &CompletionsArgs) -> Result<(), Error> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ecgfm", &mut text);
    crate::console::println_stdout!("{}", String::from_utf8_lossy(&text).trim_end_matches('\n'));
    Ok(())
}

/// Writes a manual page a command.
///
/// # Errors
/// A page cannot be written.
pub fn man(args: &ManArgs) -> Result<(), Error> {
    let failed =
        |e: std::io::Error| Error::new(ErrorKind::StageFailed, format!("{}: {e}", args.dir.display()));
    std::fs::create_dir_all(&args.dir).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.dir).map_err(failed)
}
