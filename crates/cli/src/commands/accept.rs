//! `ecgfm accept`: what an older version of the code left stands.

use super::print_json;
use super::run::graph_of;
use crate::args::AcceptArgs;
use crate::console::println_stdout;
use crate::failure::CommandFailure;
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::BTreeMap;

/// Records that the stages' outputs are accepted.
pub fn accept(args: &AcceptArgs) -> Result<(), CommandFailure> {
    let graph = graph_of(&args.target)?;
    if args.stages.is_empty() {
        let message = "no stage is named whose output is accepted";
        let help = "name them: `ecgfm accept PIPELINE STAGE...`; `ecgfm status` lists them";
        return Err(Error::new(ErrorKind::Config, message).help(help).into());
    }
    let accepted = graph.accept(&args.stages)?;
    if args.target.json {
        return Ok(print_json(&accepted.into_iter().collect::<BTreeMap<_, _>>())?);
    }
    for (stage, accepted) in accepted {
        println_stdout!("{stage}: {accepted}");
    }
    Ok(())
}
