//! `ecgfm clean`: the space of what can be made again.

use super::print_json;
use super::run::graph_of;
use crate::args::CleanArgs;
use crate::console::println_stdout;
use crate::failure::CommandFailure;
use crate::number_format::format_size;
use serde_json::json;

/// Removes what the stages can make again.
pub fn clean(args: &CleanArgs) -> Result<(), CommandFailure> {
    let stages = graph_of(&args.target)?.clean(&args.stages, args.dry_run)?;
    let total = stages.iter().map(|stage| stage.bytes).sum::<u64>();
    if args.target.json {
        return Ok(print_json(
            &json!({ "dry_run": args.dry_run, "bytes": total, "stages": stages }),
        )?);
    }
    let gives = if args.dry_run {
        "would give back"
    } else {
        "gave back"
    };
    for stage in &stages {
        match &stage.kept {
            Some(why) => println_stdout!("{}: left as it is: {why}", stage.stage),
            None => println_stdout!(
                "{}: {} in {} files",
                stage.stage,
                format_size(stage.bytes),
                stage.files
            ),
        }
    }
    println_stdout!("{gives} {}", format_size(total));
    Ok(())
}
