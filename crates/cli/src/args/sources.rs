//! Arguments of `sources` and `fetch`.

use clap::Args;
use std::path::PathBuf;

/// `ecgfm sources`
#[derive(Debug, Args)]
pub struct SourcesArgs {
    /// Name of a source; all if not given.
    pub name: Option<String>,
    /// Check what is there in this directory instead of the usual place.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm fetch`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_FETCH, override_usage = "ecgfm fetch [OPTIONS] [model|dataset] <NAME>")]
pub struct FetchArgs {
    /// A source that `ecgfm sources` lists, or the description of a model, FILE.yaml; `model NAME` and `dataset NAME` say the same.
    #[arg(required = true, num_args = 1..=2, value_name = "NAME")]
    pub source: Vec<String>,
    /// Put it into this directory instead of the usual place.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Only this part of a dataset, with the files that every part needs (repeatable).
    #[arg(long, value_name = "N")]
    pub part: Vec<u32>,
    /// Say what would be downloaded and how large it is, and download nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Keep archives after unpacking them.
    #[arg(long)]
    pub keep_archives: bool,
    /// Refuse files larger than this, downloaded or unpacked.
    #[arg(long, value_name = "GIB", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_gib: u64,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

const ABOUT_FETCH: &str = "\
Examples:
  ecgfm fetch physionet_finetuned
  ecgfm fetch code15 --part 0 --part 17 --dir /data/code15
  ecgfm fetch code15 --dry-run
  ecgfm fetch ptbxl --part 500

The licence is told before anything is downloaded. `ecgfm kinds model` lists the models known.
Beside each file goes NAME.ecgfm.json with its size and SHA-256; a later, other file is refused.
A host that asks for a login gets that of ~/.netrc, or of the file that NETRC names.
HF_ENDPOINT, HF_TOKEN, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE are honoured.";
