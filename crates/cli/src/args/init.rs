//! What can be typed after `ecgfm init`.

use clap::Args;
use std::path::PathBuf;

/// Arguments of `ecgfm init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Directory of ECGs, or a table (CSV) that lists their files.
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// Kind of archive, where it is not to be found out: `code15`, `ptbxl`, `mimic_iv_ecg`, `physionet2021`, `files` (a table) or
    /// `folder` (any files).
    #[arg(long, value_name = "KIND")]
    pub from: Option<String>,
    /// Checkpoint to run, a file; without it, the place in `checkpoints/` where `ecgfm sources` expects the one for this archive.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Pipeline file to write; it must not be there.
    #[arg(short, long, value_name = "FILE", default_value = "pipeline.yaml")]
    pub out: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
