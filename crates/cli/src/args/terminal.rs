//! What can be typed after `ecgfm completions`, `ecgfm man` and `ecgfm doctor`.

use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// Arguments of `ecgfm completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `ecgfm man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Directory to write the pages to, one a command; it is made if it is not there.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Arguments of `ecgfm doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Directory that runs will be in: its disk and its locks are looked at.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub workdir: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
