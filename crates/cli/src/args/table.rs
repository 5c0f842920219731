//! What can be typed after `ecgfm table`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `ecgfm table`.
#[derive(Debug, Args)]
pub struct TableArgs {
    /// Directories of runs, or of their evaluations; several make one table.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Table or text.
    #[arg(long, value_enum, default_value = "results")]
    pub what: TableChoice,
    /// Form: Markdown if not given, for citations BibTeX.
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<TableForm>,
    /// Rows that were scored.
    #[arg(long, value_enum, default_value = "ecg")]
    pub by: TableUnit,
    /// Statistics of the results, in this order: names as in metrics.json.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "auroc,auprc,sensitivity,specificity,ppv",
        value_name = "NAME,..."
    )]
    pub statistics: Vec<String>,
    /// Digits behind the point.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=6))]
    pub digits: u8,
    /// Write it here instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print JSON on standard output: caption, notices, headings, rows; or paragraphs, or citations.
    #[arg(long)]
    pub json: bool,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableChoice {
    /// A row a label: statistics with their 95 % intervals.
    Results,
    /// Table 1: ECGs, patients, groups and labels, with shares.
    Cohort,
    /// No table: the methods in words, from what the run's files record.
    Methods,
    /// No table: what to cite of data and model.
    Citation,
}

/// Form of a table or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableForm {
    /// A pipe table.
    Markdown,
    /// An environment `table` with booktabs.
    Latex,
    /// Commas between cells.
    Csv,
    /// A page with one plain table, or with the methods, for word processors.
    Html,
    /// Letters only; of methods and citations.
    Plain,
    /// Of citations.
    Bibtex,
}

/// Rows that were scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableUnit {
    /// ECGs, whose segments are pooled.
    Ecg,
    /// Segments.
    Segment,
}
