//! Metrics of the runs that a command was given, with names that tell the runs apart.

use crate::errors::of_stage;
use ecgfm_artifacts::evaluation::{METRICS_JSON_FILE, Metrics, evaluation_dir};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_report::published_table::NamedMetrics;
use ecgfm_system::presence::exists;
use std::path::{Path, PathBuf};

/// Directories of the evaluations of runs, and what is in them.
///
/// # Errors
/// A run has no evaluation, or it cannot be read.
pub fn read_named_metrics(runs: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<NamedMetrics>), Error> {
    let dirs = runs.iter().map(|run| find_evaluation(run));
    let dirs = dirs.collect::<Result<Vec<_>, _>>()?;
    let metrics = dirs
        .iter()
        .map(|dir| Metrics::read(dir).map_err(|e| of_stage(&e)));
    let metrics = metrics.collect::<Result<Vec<_>, _>>()?;
    let named = name_apart(metrics, runs);
    Ok((dirs, named))
}

fn find_evaluation(run: &Path) -> Result<PathBuf, Error> {
    let dir = evaluation_dir(run).map_err(|e| of_stage(&e))?;
    let file = dir.join(METRICS_JSON_FILE);
    match exists(&file) {
        Ok(false) => {
            let message = format!(
                "`{}` has no evaluation: there is no {}",
                run.display(),
                file.display()
            );
            let help = "give the directory of a run whose stage `evaluate` is done, or of the evaluation; \
                        `ecgfm list` lists runs, `ecgfm run` goes on with one";
            Err(Error::new(ErrorKind::BadInput, message).help(help))
        }
        // What else is wrong with it is told where it is read.
        Ok(true) | Err(_) => Ok(dir),
    }
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
