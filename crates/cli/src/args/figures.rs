//! What can be typed after `ecgfm figures`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

const ABOUT_FIGURES: &str = "\
Written are, from the numbers of metrics.json, by ECG:

  flow                             ECGs read, set aside with the reason, and scored; of one run
  roc, pr, calibration, decision   a panel a label
  auroc                            AUROC with intervals, a row a label
  subgroups_*                      AUROC of groups and their differences, where the run has any; of one run
  captions.txt                     what each figure shows

What is higher than a page becomes NAME_1, NAME_2, .... Several runs are drawn in the same panels; where one does not have
a label, figure and caption say so. PDF and SVG have their typeface inside (Arimo: as wide as Arial); no letter is smaller
than 6 points. Figures of synthetic ECGs or a demo model say so.
Files of these names are replaced.

Examples:
  ecgfm figures runs/code15/full -o figures
  ecgfm figures runs/code15/full -o figures --format pdf --width double --label AF,RBBB
  ecgfm figures runs/code15/full other/full -o both --format png --dpi 300";

/// Arguments of `ecgfm figures`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_FIGURES)]
pub struct FiguresArgs {
    /// Directories of runs, or of their evaluations; at most four.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Directory to write into; it is made where it does not exist.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Form of the files.
    #[arg(long, value_enum, default_value = "all")]
    pub format: FigureForm,
    /// Width of the figures.
    #[arg(long, value_enum, default_value = "single")]
    pub width: FigureWidth,
    /// Dots an inch of PNG.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u16).range(72..=1200))]
    pub dpi: u16,
    /// Labels to draw, in this order; all if not given.
    #[arg(long = "label", value_delimiter = ',', value_name = "NAME,...")]
    pub labels: Vec<String>,
    /// Print JSON on standard output: files with their sizes and captions, and figures that there is nothing for.
    #[arg(long)]
    pub json: bool,
}

/// Form of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FigureForm {
    /// Lines and text.
    Svg,
    /// A page of the figure's size.
    Pdf,
    /// Dots.
    Png,
    /// Every form.
    All,
}

/// Width of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FigureWidth {
    /// One column: 85 mm.
    Single,
    /// Two columns: 178 mm.
    Double,
}
