//! `ecgfm stage` and `ecgfm synth`: one stage on explicit files.

use super::print_json;
use crate::args::{StageArgs, SynthArgs};
use crate::kinds;
use crate::observer::ConsoleReporter;
use ecgfm_pipeline::{Cancel, Error, ErrorKind, run_stage};
use std::path::Path;

/// Runs one kind of stage.
pub fn stage(args: &StageArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    run_single_stage(
        &args.kind,
        &args.with,
        &args.out,
        (args.force, args.json, quiet),
        cancel,
    )
}

/// Makes a synthetic archive.
pub fn synth(args: &SynthArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    let mut with = vec![
        format!("exams={}", args.exams),
        format!("seed={}", args.seed),
        format!("mix={}", args.mix),
        format!("noise={}", args.noise),
        format!("faults={}", args.faults),
        format!("exams_per_part={}", args.exams_per_part),
        format!("long_share={}", args.long_share),
    ];
    // The defaults are no parameters, so that the record of such an archive stays as it was.
    with.extend((args.overlap != 0.0).then(|| format!("overlap={}", args.overlap)));
    with.extend((args.layout != "code15").then(|| format!("layout={}", args.layout)));
    with.extend(args.parts.map(|parts| format!("parts={parts}")));
    run_single_stage("synth", &with, &args.out, (false, args.json, quiet), cancel)
}

fn run_single_stage(
    kind: &str,
    with: &[String],
    out: &Path,
    (force, json, quiet): (bool, bool, bool),
    cancel: &Cancel,
) -> Result<(), Error> {
    let all = kinds::all_kinds();
    let found = all.get(kind).ok_or_else(|| {
        let names: Vec<&str> = all.names().collect();
        Error::new(ErrorKind::Config, format!("no stage kind `{kind}`"))
            .help(format!("there are {}", names.join(", ")))
    })?;
    if crate::torch::needs_libtorch(kind) {
        crate::torch::require_torch()?;
    }
    let outcome = run_stage(
        found.as_ref(),
        with,
        out,
        force,
        &ConsoleReporter::new(quiet),
        cancel,
    )?;
    if json {
        return print_json(
            &serde_json::json!({ "out": out, "counts": outcome.counts, "facts": outcome.facts }),
        );
    }
    for (name, n) in &outcome.counts {
        crate::console::println_stdout!("{name}\t{n}");
    }
    Ok(())
}
