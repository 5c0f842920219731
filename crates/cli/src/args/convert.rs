//! `ecgfm convert`.

use super::encoding::EncodingArgs;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const ABOUT_CONVERT: &str = "\
A file is a recording in any format that is read; a directory stands for all recordings below it. Of a file of many, such as
HDF5 in CODE-15's shape, every recording gets a file named by its exam, without the zeros around it.

  wfdb  NAME.hea and NAME.dat in format 16: every value rounded by at most half of an ADC unit, and the largest error is stated
  npy   NAME.npy, float64 millivolts of shape (leads, samples), and NAME.json: leads, rate, unit, source, doubts

With --recipe, npy is what a model with that recipe is given: NAME.npy, float32 of shape (segments, rows, samples), and NAME.json:
the steps, rows, samples, leads, rate. The bits are those of a store that `signals` makes with the recipe.

The patient's identifier is left out. No file is overwritten.

Examples:
  ecgfm convert export.xml -o records --to wfdb
  ecgfm convert exams_part0.hdf5 -o records --to wfdb --rate 400 --unit mV
  ecgfm convert records -o arrays --to npy
  ecgfm convert record.hea -o tensors --to npy --recipe ecgfounder";

/// `ecgfm convert`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_CONVERT)]
pub struct ConvertArgs {
    /// Recordings of any format, or directories of them.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Directory to write into; it is made where it does not exist.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Format to write.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub to: ConvertFormat,
    /// Recipe of a model: a built-in name, a YAML file of steps, or a model's card. `ecgfm kinds recipe` lists them.
    #[arg(long, value_name = "RECIPE")]
    pub recipe: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub encoding: EncodingArgs,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Formats that recordings are converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConvertFormat {
    /// A NumPy array and a JSON file.
    Npy,
    /// A WFDB record.
    Wfdb,
}
