//! The text of a pipeline for an archive, from a built-in one.

use super::found::FoundArchive;
use crate::pipelines;
use ecgfm_pipeline::{Error, ErrorKind};
use std::path::Path;

/// Stages that compare with a truth.
const COMPARING: [&str; 3] = ["labels", "evaluate", "report"];

/// Every ECG into the part that the model is run on.
const ONE_SPLIT: &str = "
  splits:                     # all ECGs into one split: there is nothing to choose thresholds on
    uses: splits
    with:
      records: ${signals.records}
      segments: ${signals.segments}
      strategy: random
      fractions: [1.0]
      names: [test]
      seed: ${vars.seed}
";

/// The pipeline of that name, for a file, of what was found, with a checkpoint.
///
/// # Errors
/// A path is not UTF-8 text.
pub(super) fn pipeline_text(
    (name, file): (&str, &Path),
    found: &FoundArchive,
    checkpoint: Option<&Path>,
) -> Result<String, Error> {
    let built_in = pipelines::built_in_text(found.kind.pipeline);
    let (_, body) = built_in.split_once("\nname: ").unwrap_or_default();
    let blocks = blocks_of(body);
    let mut text = heading(name, file, found);
    for block in blocks {
        text += &block_text(&block, found, checkpoint)?;
    }
    Ok(text)
}

/// What was found, and what to do next.
fn heading(name: &str, file: &Path, found: &FoundArchive) -> String {
    let mut text = String::from("# Written by `ecgfm init` from what it saw:\n#\n");
    for fact in &found.facts {
        text += &format!("#   {}\n", one_line(fact));
    }
    text += &format!(
        "#\n# `ecgfm run {} --dry-run` checks it and says what the run takes; `ecgfm kinds signals` explains the parameters of a stage.\n\
         # A reference ${{stage.output}} is an edge of the graph.\nname: {}\n",
        one_line(&file.display().to_string()),
        quoted(name)
    );
    text
}

/// Text that cannot end a comment: names of files may hold ends of lines.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, "?")
}

/// A part of a pipeline: the lines from a name at the margin, or from a stage, to the next.
struct Block<'t> {
    /// The name at the margin, or that of the stage.
    name: &'t str,
    stage: bool,
    text: &'t str,
}

/// The blocks of a built-in pipeline below its name.
fn blocks_of(body: &str) -> Vec<Block<'_>> {
    let mut starts: Vec<(usize, &str, bool)> = Vec::new();
    let (mut at, mut in_stages) = (0, false);
    for line in body.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let named = line.trim().split_once(':').map(|(name, _)| name);
        if let Some(name) = named.filter(|name| !name.starts_with('#')) {
            match indent {
                0 => {
                    in_stages = name == "stages";
                    starts.push((at, name, false));
                }
                2 if in_stages => starts.push((at, name, true)),
                _ => {}
            }
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).map(|start| start.0).chain([body.len()]);
    let mut blocks = Vec::with_capacity(starts.len());
    for (&(start, name, stage), end) in starts.iter().zip(ends) {
        let text = &body[start..end];
        blocks.push(Block { name, stage, text });
    }
    blocks
}

/// The text of a block as it is for this archive; nothing of what it has no use for.
fn block_text(block: &Block<'_>, found: &FoundArchive, checkpoint: Option<&Path>) -> Result<String, Error> {
    let kept = || Ok(block.text.to_owned());
    match (block.name, block.stage) {
        // The sample is of synthetic ECGs; what is left is the real thing.
        ("profiles", false) => Ok(String::new()),
        ("vars", false) => variables(block.text, found, checkpoint),
        (name, true) if !found.evaluates && COMPARING.contains(&name) => Ok(String::new()),
        ("splits", true) if !found.evaluates => Ok(ONE_SPLIT.trim_start_matches('\n').to_owned() + "\n"),
        ("signals", true) => Ok(with_dataset(block.text, found.kind.dataset)),
        _ => kept(),
    }
}

/// The variables, with the paths and the title of this archive.
fn variables(text: &str, found: &FoundArchive, checkpoint: Option<&Path>) -> Result<String, Error> {
    let line = |line: &str| -> Result<String, Error> {
        let name = line.trim().split_once(':').map_or("", |(name, _)| name);
        Ok(match name {
            "raw" => format!("  raw: {}\n", quoted(utf8(&found.raw)?)),
            "checkpoint" => match checkpoint {
                Some(path) => format!("  checkpoint: {}\n", quoted(utf8(path)?)),
                None => line.to_owned(),
            },
            _ => line.to_owned(),
        })
    };
    text.split_inclusive('\n').map(line).collect()
}

fn with_dataset(text: &str, dataset: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with("dataset:") {
        true => format!("      dataset: {dataset}\n"),
        false => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// A YAML string: JSON's are.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn utf8(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        let message = format!(
            "{}: a pipeline cannot name a path that is not UTF-8 text",
            path.display()
        );
        Error::new(ErrorKind::Config, message).help("rename it")
    })
}
