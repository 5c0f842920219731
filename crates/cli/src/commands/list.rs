//! `ecgfm list`: the runs of a working directory, with size and state.

use super::print_json;
use crate::args::ListArgs;
use crate::console::{println_stderr, println_stdout};
use crate::number_format::format_size;
use ecgfm_pipeline::{Error, RunState, list_runs};

/// Lists the runs below a working directory.
pub fn list(args: &ListArgs) -> Result<(), Error> {
    let found = list_runs(&args.workdir)?;
    if args.json {
        return print_json(&found);
    }
    if found.is_empty() {
        println_stdout!("no runs in {}", args.workdir.display());
        return Ok(());
    }
    let mut rows = vec![["pipeline", "profile", "size", "last used (UTC)", "state"].map(str::to_owned)];
    for run in &found {
        let used = run
            .last_used
            .split('.')
            .next()
            .unwrap_or_default()
            .replace('T', " ");
        let state = match run.cleaned.is_empty() {
            true => run.state.word().to_owned(),
            false => format!("{}, cleaned: {}", run.state.word(), run.cleaned.join(", ")),
        };
        let size = match run.state {
            RunState::Unreadable => String::new(),
            _ => format_size(run.bytes),
        };
        rows.push([run.pipeline.clone(), run.profile.clone(), size, used, state]);
    }
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 4] = [width(0), width(1), width(2), width(3)];
    for [pipeline, profile, size, used, state] in &rows {
        let [a, b, c, d] = widths;
        println_stdout!("{pipeline:a$}  {profile:b$}  {size:>c$}  {used:d$}  {state}");
    }
    for problem in found.iter().filter_map(|run| run.problem.as_ref()) {
        println_stderr!("warning: {problem}");
    }
    Ok(())
}
