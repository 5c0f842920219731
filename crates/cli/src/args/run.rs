//! Arguments of `run`, `status` and `graph`.

use super::pipeline::PipelineArgs;
use super::shard::ShardChoice;
use clap::{Args, ValueEnum};
use ecgfm_pipeline::StageSelection;

/// `ecgfm run`
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: PipelineArgs,
    /// Run this stage alone, on what is on disk (repeatable).
    #[arg(long, value_name = "STAGE", conflicts_with_all = ["from", "until"])]
    pub only: Vec<String>,
    /// Start at this stage; earlier ones are taken as they are on disk.
    #[arg(long, value_name = "STAGE")]
    pub from: Option<String>,
    /// Stop after this stage.
    #[arg(long, value_name = "STAGE")]
    pub until: Option<String>,
    /// Do share i of n of the chunks, and nothing else; `auto/n` takes i from the scheduler. Needs no lock and no other process.
    #[arg(long, value_name = "I/N", conflicts_with_all = ["force", "keep_going", "dry_run"])]
    pub shard: Option<ShardChoice>,
    /// Run the selected stages even where they are up to date.
    #[arg(long)]
    pub force: bool,
    /// After a failure go on with the stages that do not depend on the failed one.
    #[arg(long)]
    pub keep_going: bool,
    /// Run nothing; say what would run, and what it takes: bytes, room on disk and time, measured on a few exams in about 10 s at most.
    /// `quick` measures nothing.
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "measured")]
    pub dry_run: Option<DryRun>,
}

/// Kinds of a dry run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// The plan, and what it takes.
    Measured,
    /// The plan alone.
    Quick,
}

impl RunArgs {
    /// The stages that were chosen.
    pub fn selection(&self) -> StageSelection {
        StageSelection {
            only: self.only.clone(),
            from: self.from.clone(),
            until: self.until.clone(),
        }
    }
}

/// `ecgfm status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: PipelineArgs,
}

/// `ecgfm graph`
#[derive(Debug, Args)]
pub struct GraphArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: PipelineArgs,
    /// Format of the drawing.
    #[arg(long, value_enum, default_value_t = GraphFormat::Text, conflicts_with = "json")]
    pub format: GraphFormat,
}

/// Drawings of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Indented text.
    Text,
    /// For Markdown pages.
    Mermaid,
    /// For Graphviz.
    Dot,
}
