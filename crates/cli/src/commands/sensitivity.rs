//! `ecgfm sensitivity`: how far a model's answers move where its recipe is not followed.
//!
//! A sample of an archive is prepared by the model's recipe and by departures from it. The stages of a pipeline run on each, so
//! that the numbers are those of a run; what they leave is compared ECG by ECG.

mod change;
mod found;
mod predicted;
mod sample;
mod stages;
mod table;
mod truth;
mod wanted;

use super::predict::{CompactObserver, advise_on_full_disk};
use super::print_json;
use crate::args::SensitivityArgs;
use crate::console::{print_stdout, println_stderr};
use crate::errors::file_error;
use crate::torch;
use change::compare;
use ecgfm_pipeline::{Cancel, Error, ErrorKind};
use ecgfm_report::sensitivity::{SensitivityBar, draw_sensitivity};
use found::{LeftOut, Sensitivity, about};
use predicted::PredictedEcgs;
use sample::lay_out_sample;
use stages::{GIVEN, run_stages};
use std::io::IsTerminal;
use std::path::Path;
use truth::Truth;
use wanted::Wanted;

/// Compares and prints.
pub fn sensitivity(args: &SensitivityArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    torch::require_torch()?;
    let wanted = Wanted::read(args)?;
    let place = tempfile::tempdir().map_err(|e| {
        let message = format!("cannot make a temporary directory: {e}");
        Error::new(ErrorKind::StageFailed, message).help("set TMPDIR to a directory that can be written to")
    })?;
    let observer = CompactObserver::new(quiet).without_notes();
    let found = measure(args, &wanted, place.path(), &observer, cancel);
    observer.clear_bar();
    let found = found.map_err(|error| advise_on_full_disk(error, place.path()))?;
    if let Some(path) = &args.plot {
        std::fs::write(path, chart(&found, args)).map_err(|e| file_error("write", path, &e))?;
    }
    print_found(&found, args, quiet)
}

fn measure(
    args: &SensitivityArgs,
    wanted: &Wanted,
    place: &Path,
    observer: &CompactObserver,
    cancel: &Cancel,
) -> Result<Sensitivity, Error> {
    let (mut recipes, mut left_out) = (vec![(GIVEN, wanted.recipe.clone())], Vec::new());
    for departure in wanted.recipe.departures() {
        match departure.steps {
            Ok(steps) => recipes.push((departure.name, steps)),
            Err(why) => left_out.push(LeftOut {
                name: departure.name,
                why,
            }),
        }
    }
    let raw = lay_out_sample(args, &place.join("archive"))?;
    let (run, failure) = run_stages(args, wanted, &recipes, &raw, place, observer, cancel)?;
    let given = PredictedEcgs::read(&stages::predictions_of(&run, GIVEN))?;
    let truth = Truth::read(&run, wanted)?;
    let mut changes = Vec::new();
    for (name, _) in &recipes[1..] {
        match PredictedEcgs::read_if_there(&stages::predictions_of(&run, name))? {
            Some(departed) => changes.push(compare(name, &given, &departed, truth.as_ref())),
            None => left_out.push(LeftOut {
                name,
                why: failure
                    .clone()
                    .unwrap_or_else(|| "it leaves nothing to predict".to_owned()),
            }),
        }
    }
    changes.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    changes.insert(0, compare(GIVEN, &given, &given, truth.as_ref()));
    let mut notices = given.notices;
    notices.extend(wanted.notice.clone().filter(|notice| !notices.contains(notice)));
    Ok(Sensitivity {
        changes,
        left_out,
        notices,
    })
}

fn chart(found: &Sensitivity, args: &SensitivityArgs) -> String {
    let bars: Vec<SensitivityBar> = found.changes[1..]
        .iter()
        .map(|change| SensitivityBar {
            name: about(&change.name).to_owned(),
            mean: change.mean,
            max: change.max,
            flipped: change.flipped,
            decisions: change.decisions,
            auroc: change.auroc,
        })
        .collect();
    let given = &found.changes[0];
    let title = format!(
        "{}: {} ECGs of {}",
        args.model.display(),
        given.ecgs,
        args.raw.display()
    );
    draw_sensitivity(&title, &bars, given.auroc, footnote(&found.notices).as_deref())
}

/// The notice at the foot of the chart: a single one, or the names of several, `SYNTHETIC; DEMO MODEL`.
fn footnote(notices: &[String]) -> Option<String> {
    match notices {
        [] => None,
        [one] => Some(one.clone()),
        several => {
            let names = several
                .iter()
                .map(|notice| notice.split([':', '.']).next().unwrap_or_default());
            Some(names.collect::<Vec<_>>().join("; "))
        }
    }
}

fn print_found(found: &Sensitivity, args: &SensitivityArgs, quiet: bool) -> Result<(), Error> {
    for notice in found.notices.iter().filter(|_| !quiet) {
        println_stderr!("{notice}");
    }
    if let Some(path) = &args.output {
        std::fs::write(path, table::csv(found)).map_err(|e| file_error("write", path, &e))?;
    }
    if args.json {
        return print_json(&table::json(found, args));
    }
    let to_terminal = std::io::stdout().is_terminal();
    match &args.output {
        None if !to_terminal => print_stdout!("{}", table::csv(found)),
        _ => print_stdout!("{}", table::text(found)),
    }
    if !quiet {
        for LeftOut { name, why } in &found.left_out {
            println_stderr!("left out: {name}: {why}");
        }
    }
    Ok(())
}
