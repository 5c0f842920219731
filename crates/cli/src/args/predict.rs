//! `ecgfm predict`.

use super::encoding::EncodingArgs;
use super::numbers::parse_probability;
use clap::Args;
use std::path::PathBuf;

const ABOUT_PREDICT: &str = "\
A file is a recording in any format that is read: a WFDB record, GE MUSE XML, CSV with named leads, a NumPy array whose rate, \
unit, leads and order the options state, or a part of an archive in CODE-15's shape (.hdf5). A directory stands for all \
recordings below it. Recordings are prepared as the signals stage does it. A .mat file that is no WFDB record is a prepared \
segment, as that stage writes it with `store: mat`; segments of one recording are taken together.

On a terminal the labels of the highest probabilities are printed, `*` after those above the threshold; elsewhere a CSV \
table: a line an ECG, a probability a label, and the labels above the threshold.

Examples:
  ecgfm predict records export.xml --model model.ts --plot drawings
  ecgfm predict data/code15/exams_part0.hdf5 --model model.ts --ecg 1238362
  ecgfm predict segmented/*.mat --model model.ts --json | jq '.ecgs[0].probabilities'";

/// `ecgfm predict`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_PREDICT)]
pub struct PredictArgs {
    /// Recordings of any format, directories of them, parts of an archive (.hdf5), segments (.mat).
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// The model: what `ecgfm export` made of a checkpoint.
    #[arg(short, long, value_name = "MODEL.ts")]
    pub model: PathBuf,
    /// The model's label set, by name or file; as its card says if not given.
    #[arg(short, long, value_name = "SET")]
    pub labels: Option<String>,
    /// Meaning of the model's values: logits, or probabilities where it ends in a sigmoid or a softmax; as its card says if not given.
    #[arg(long, value_name = "WHAT", value_parser = ["logits", "probabilities"])]
    pub returns: Option<String>,
    /// Recipe of the model, by name or file; as its card says if not given, else ECG-FM's.
    #[arg(long, value_name = "RECIPE")]
    pub recipe: Option<String>,
    /// Only this exam of the .hdf5 files (repeatable).
    #[arg(short, long, value_name = "EXAM", allow_negative_numbers = true)]
    pub ecg: Vec<i64>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub encoding: EncodingArgs,
    /// What becomes of a recording without one of the twelve leads: `refuse` it, `derive` limb leads from two of I, II and III,
    /// or derive them and take any other lead as `zero` or `nan`.
    #[arg(long, value_name = "POLICY", default_value = "refuse", value_parser = ["refuse", "derive", "zero", "nan"])]
    pub missing_leads: String,
    /// Draw every ECG with its predictions into this directory, as SVG.
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
    /// A label holds where its probability is above this, a number from 0 to 1.
    #[arg(long, default_value_t = 0.5, value_parser = parse_probability)]
    pub threshold: f64,
    /// A table label,threshold: thresholds label by label. --threshold is that of all others.
    #[arg(long, value_name = "FILE.csv")]
    pub thresholds: Option<PathBuf>,
    /// Device to run on: auto (the first CUDA device if there is one), cpu, cuda, one of several as cuda:1, several as cuda:0,2 or cuda:all.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Precision to compute in: auto (float32), float32, tf32 (CUDA only), bfloat16, float16.
    #[arg(long, default_value = "auto")]
    pub precision: String,
    /// Write the table here instead of standard output.
    #[arg(short, long, value_name = "FILE.csv")]
    pub output: Option<PathBuf>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
