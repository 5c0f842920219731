//! `ecgfm run --shard` and `ecgfm missing`: a run divided among processes, on any machines.

use super::print_json;
use super::run::{graph_of, watch_writing};
use crate::args::{MissingArgs, RunArgs, ShardChoice};
use crate::failure::CommandFailure;
use crate::observer::ConsoleReporter;
use crate::torch;
use ecgfm_pipeline::{Cancel, Error, Graph, MissingChunks, Shard, ShareState, StageSelection};
use serde_json::json;
use std::collections::BTreeSet;

/// Does a share of the chunks of a run.
pub fn run_share(
    args: &RunArgs,
    choice: ShardChoice,
    quiet: bool,
    cancel: &Cancel,
) -> Result<(), CommandFailure> {
    watch_writing();
    let shard = choice.resolve(|name| std::env::var(name).ok())?;
    let graph = graph_of(&args.target)?;
    let selection = args.selection();
    if torch::registered_torch().is_none() && needs_torch(&graph, shard, &selection)? {
        torch::require_torch()?;
    }
    let observer = ConsoleReporter::new(quiet);
    let summary = graph.run_share(shard, &selection, &observer, cancel)?;
    if args.target.json {
        let mut said = serde_json::to_value(&summary).unwrap_or_default();
        if let Some(said) = said.as_object_mut() {
            said.insert("pipeline".to_owned(), graph.pipeline().into());
            said.insert("profile".to_owned(), graph.profile().into());
            said.insert("run_dir".to_owned(), json!(graph.run_dir()));
        }
        return Ok(print_json(&said)?);
    }
    Ok(())
}

/// Returns true where the share has work of a stage that needs libtorch.
fn needs_torch(graph: &Graph, shard: Shard, selection: &StageSelection) -> Result<bool, Error> {
    let missing = graph.missing_shares(shard.count(), selection)?;
    Ok(missing.iter().any(|found| {
        let kind = graph.stages().iter().find(|stage| stage.name() == found.stage);
        found.shares.contains(&shard.number())
            && kind.is_some_and(|stage| torch::needs_libtorch(stage.kind().name()))
    }))
}

/// Prints the shares that still have work.
pub fn missing(args: &MissingArgs) -> Result<(), CommandFailure> {
    let graph = graph_of(&args.target)?;
    let of = usize::try_from(args.of).unwrap_or(usize::MAX);
    let named = StageSelection {
        only: args.only.clone(),
        ..StageSelection::default()
    };
    let named = graph.select(&named)?;
    // All are looked at: of a stage alone nobody would say that it waits for others.
    let mut stages = graph.missing_shares(of, &StageSelection::default())?;
    stages.retain(|found| named.contains(&found.stage));
    let shards: BTreeSet<usize> = stages
        .iter()
        .flat_map(|stage| stage.shares.iter().copied())
        .collect();
    let ranges = as_ranges(&shards);
    if args.target.json {
        return Ok(print_json(&json!({
            "pipeline": graph.pipeline(),
            "profile": graph.profile(),
            "run_dir": graph.run_dir(),
            "of": of,
            "shards": shards,
            "ranges": ranges,
            "stages": stages,
        }))?);
    }
    for stage in &stages {
        crate::console::println_stderr!("{}", explain(stage, of));
    }
    if !ranges.is_empty() {
        crate::console::println_stdout!("{ranges}");
    }
    Ok(())
}

fn explain(found: &MissingChunks, of: usize) -> String {
    let stage = &found.stage;
    match found.state {
        ShareState::Fresh => format!("{stage} is up to date"),
        ShareState::Done => format!("{stage}: every chunk is there; a run without --shard completes it"),
        ShareState::Waiting => format!("{stage} waits: stages before it are not done"),
        ShareState::Unfinished => {
            format!("{stage}: {} of {of} shares have chunks to do", found.shares.len())
        }
    }
}

/// Numbers as schedulers take them: `3,7,12-14`.
fn as_ranges(numbers: &BTreeSet<usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let text = |(first, last): &(usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_schedulers_take_them() {
        let told = |numbers: &[usize]| as_ranges(&numbers.iter().copied().collect());
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[3, 7, 12, 13, 14]), "3,7,12-14");
        assert_eq!(told(&[1, 2]), "1-2");
    }
}
