//! `ecgfm table`: the numbers of runs as a table for a paper.

use super::print_json;
use crate::args::{TableArgs, TableChoice, TableForm, TableUnit};
use crate::errors::of_stage;
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics, STATISTICS, evaluation_dir};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_report::published_table::{
    NamedMetrics, PublishedTable, ResultsChoice, TableFormat, cohort_table, results_table,
};
use std::path::{Path, PathBuf};

/// Prints a table of one run or of several, or writes it.
pub fn table(args: &TableArgs) -> Result<(), Error> {
    check_statistics(&args.statistics)?;
    let runs = args
        .runs
        .iter()
        .map(|run| read_run(run))
        .collect::<Result<Vec<_>, _>>()?;
    let table = make_table(args, &name_apart(runs, &args.runs))?;
    let text = table.render(match args.format {
        TableForm::Markdown => TableFormat::Markdown,
        TableForm::Latex => TableFormat::Latex,
        TableForm::Csv => TableFormat::Csv,
        TableForm::Html => TableFormat::Html,
    });
    if let Some(path) = &args.output {
        let failed =
            |e: std::io::Error| Error::new(ErrorKind::StageFailed, format!("{}: {e}", path.display()));
        std::fs::write(path, &text).map_err(failed)?;
    }
    match (args.json, &args.output) {
        (true, _) => print_json(&table),
        (false, Some(_)) => Ok(()),
        (false, None) => {
            crate::console::println_stdout!("{}", text.trim_end_matches('\n'));
            Ok(())
        }
    }
}

fn make_table(args: &TableArgs, runs: &[NamedMetrics]) -> Result<PublishedTable, Error> {
    if args.what == TableChoice::Cohort {
        return Ok(cohort_table(runs));
    }
    let choice = ResultsChoice {
        unit: match args.by {
            TableUnit::Ecg => EvaluationUnit::Ecg,
            TableUnit::Segment => EvaluationUnit::Segment,
        },
        statistics: args.statistics.clone(),
        digits: args.digits.into(),
    };
    results_table(runs, &choice).map_err(|what| Error::new(ErrorKind::BadInput, what))
}

fn check_statistics(wanted: &[String]) -> Result<(), Error> {
    let known = || STATISTICS.iter().map(|statistic| statistic.name);
    match wanted
        .iter()
        .find(|name| !known().any(|known| known == name.as_str()))
    {
        None => Ok(()),
        Some(name) => {
            let message = format!("there is no statistic `{name}`");
            let help = format!("statistics are {}", known().collect::<Vec<_>>().join(", "));
            Err(Error::new(ErrorKind::Config, message).help(help))
        }
    }
}

/// Metrics of an evaluation, or of a run that has one.
fn read_run(dir: &Path) -> Result<Metrics, Error> {
    let dir = evaluation_dir(dir).map_err(|e| of_stage(&e))?;
    Metrics::read(&dir).map_err(|e| of_stage(&e))
}

/// Names of runs by as many of the last parts of their paths as tell them apart.
fn name_apart(runs: Vec<Metrics>, dirs: &[PathBuf]) -> Vec<NamedMetrics> {
    let parts: Vec<Vec<String>> = dirs
        .iter()
        .map(|dir| {
            let dir = dir.canonicalize().unwrap_or_else(|_| dir.clone());
            let names = dir
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned());
            names.collect()
        })
        .collect();
    let last = |parts: &[String], count: usize| parts[parts.len().saturating_sub(count)..].join("/");
    let longest = parts.iter().map(Vec::len).max().unwrap_or(1);
    let tells_apart = |count: &usize| {
        let mut names: Vec<String> = parts.iter().map(|parts| last(parts, *count)).collect();
        names.sort();
        names.windows(2).all(|pair| pair[0] != pair[1])
    };
    let count = (2..=longest).find(tells_apart).unwrap_or(longest);
    let named = |(metrics, parts): (Metrics, &Vec<String>)| NamedMetrics {
        name: last(parts, count),
        metrics,
    };
    runs.into_iter().zip(&parts).map(named).collect()
}
