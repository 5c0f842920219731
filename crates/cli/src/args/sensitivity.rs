//! `ecgfm sensitivity`.

use super::numbers::parse_probability;
use clap::Args;
use std::path::PathBuf;

const ABOUT_SENSITIVITY: &str = "\
ECGs of the archive are prepared as the model's recipe says, and as plausible mistakes would have it: normalised over other values, \
at a rate read wrongly, resampled by another method, not filtered, with aVL and aVF exchanged, in microvolts. The table says \
how far probabilities move by each, how many decisions change, and, with --truth, the AUROC that is left. It is sorted by the mean \
change. Mistakes that cannot be made with the recipe are named below it.

On a terminal a table is printed; elsewhere CSV: a line a departure, then one a departure and label.

Examples:
  ecgfm sensitivity data/code15 --model model.ts --truth code15 --plot sensitivity.svg
  ecgfm sensitivity data/ptbxl --dataset ptbxl --model model.ts --truth ptbxl --from '{scp_codes: scp_codes}' --exams 500
  ecgfm sensitivity records --dataset folder --model model.ts --json";

/// `ecgfm sensitivity`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_SENSITIVITY)]
pub struct SensitivityArgs {
    /// The archive: its directory, or for the dataset `files` its table.
    #[arg(value_name = "ARCHIVE")]
    pub raw: PathBuf,
    /// Layout of the archive: a name such as code15, ptbxl or folder, or a YAML file that describes another.
    #[arg(long, value_name = "DATASET", default_value = "code15")]
    pub dataset: String,
    /// The model: what `ecgfm export` made of a checkpoint, or any TorchScript file.
    #[arg(short, long, value_name = "MODEL.ts")]
    pub model: PathBuf,
    /// The model's recipe, by name or file; as its card says if not given.
    #[arg(long, value_name = "RECIPE")]
    pub recipe: Option<String>,
    /// The model's label set, by name or file; as its card says if not given.
    #[arg(short, long, value_name = "SET")]
    pub labels: Option<String>,
    /// Meaning of the model's values, logits or probabilities; as its card says if not given.
    #[arg(long, value_name = "WHAT", value_parser = ["logits", "probabilities"])]
    pub returns: Option<String>,
    /// ECGs to take, spread evenly over the archive, 1 or more.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub exams: u32,
    /// Label set of the archive's truth, by name or file; without it there is no AUROC.
    #[arg(long, value_name = "SET")]
    pub truth: Option<String>,
    /// Where the truth is, as `from` of the stage labels, in YAML: {scp_codes: COLUMN}, {codes: COLUMN}; a column a label if not given.
    #[arg(long, value_name = "RULE", requires = "truth")]
    pub from: Option<String>,
    /// Mapping of the model's labels to those of the truth, by name or file; the built-in MODEL_to_TRUTH if not given.
    #[arg(long, value_name = "MAPPING", requires = "truth")]
    pub mapping: Option<String>,
    /// A label holds where its probability is above this, a number from 0 to 1.
    #[arg(long, default_value_t = 0.5, value_parser = parse_probability)]
    pub threshold: f64,
    /// A table label,threshold: thresholds label by label. --threshold is that of all others.
    #[arg(long, value_name = "FILE.csv")]
    pub thresholds: Option<PathBuf>,
    /// Device to run on: auto (the first CUDA device if there is one), cpu, cuda, one of several as cuda:1, several as cuda:0,2 or cuda:all.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Draw the table into this file, as SVG.
    #[arg(long, value_name = "FILE.svg")]
    pub plot: Option<PathBuf>,
    /// Write the CSV here instead of standard output.
    #[arg(short, long, value_name = "FILE.csv")]
    pub output: Option<PathBuf>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
