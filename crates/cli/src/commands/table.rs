//! `ecgfm table`: the numbers of runs as a table for a paper, their methods in words, and what to cite.

mod citation;
mod lineage;
mod methods;
mod published;

use self::citation::{CitationFormat, RunCitations};
use self::lineage::Lineage;
use self::methods::methods_text;
use super::named_metrics::read_named_metrics;
use super::print_json;
use crate::args::{TableArgs, TableChoice, TableForm, TableUnit};
use ecgfm_artifacts::evaluation::{EvaluationUnit, STATISTICS};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_report::published_table::{
    NamedMetrics, PublishedTable, ResultsChoice, TableFormat, cohort_table, results_table,
};
use ecgfm_report::published_text::{PublishedText, TextFormat};
use serde::Serialize;
use std::path::PathBuf;

/// Prints a table of one run or of several, their methods or citations, or writes it.
pub fn table(args: &TableArgs) -> Result<(), Error> {
    check_statistics(&args.statistics)?;
    let (dirs, runs) = read_named_metrics(&args.runs)?;
    match args.what {
        TableChoice::Methods => {
            let format = text_format(args.format)?;
            let methods = methods_of(&runs, &dirs)?;
            let texts: Vec<String> = methods.iter().map(|text| text.render(format)).collect();
            hand_out(args, &texts.join("\n"), &methods)
        }
        TableChoice::Citation => {
            let format = citation_format(args.format)?;
            let mut cited = RunCitations::default();
            for (run, dir) in runs.iter().zip(&dirs) {
                cited.add(&run.name, Lineage::of_evaluation(dir)?.as_ref())?;
            }
            hand_out(args, &cited.render(format), &cited)
        }
        TableChoice::Results | TableChoice::Cohort => {
            let format = table_format(args.format)?;
            let table = make_table(args, &runs)?;
            hand_out(args, &table.render(format), &table)
        }
    }
}

fn methods_of(runs: &[NamedMetrics], dirs: &[PathBuf]) -> Result<Vec<PublishedText>, Error> {
    let one = |(run, dir): (&NamedMetrics, &PathBuf)| {
        let lineage = Lineage::of_evaluation(dir)?;
        methods_text(&run.name, &run.metrics, lineage.as_ref())
    };
    runs.iter().zip(dirs).map(one).collect()
}

/// Writes a text where it is asked for; prints it, or the same as JSON.
fn hand_out(args: &TableArgs, text: &str, json: &impl Serialize) -> Result<(), Error> {
    if let Some(path) = &args.output {
        let failed =
            |e: std::io::Error| Error::new(ErrorKind::StageFailed, format!("{}: {e}", path.display()));
        std::fs::write(path, text).map_err(failed)?;
    }
    match (args.json, &args.output) {
        (true, _) => print_json(json),
        (false, Some(_)) => Ok(()),
        (false, None) => {
            crate::console::println_stdout!("{}", text.trim_end_matches('\n'));
            Ok(())
        }
    }
}

fn table_format(form: Option<TableForm>) -> Result<TableFormat, Error> {
    match form.unwrap_or(TableForm::Markdown) {
        TableForm::Markdown => Ok(TableFormat::Markdown),
        TableForm::Latex => Ok(TableFormat::Latex),
        TableForm::Csv => Ok(TableFormat::Csv),
        TableForm::Html => Ok(TableFormat::Html),
        TableForm::Plain | TableForm::Bibtex => Err(no_such_form("a table", "markdown, latex, csv, html")),
    }
}

fn text_format(form: Option<TableForm>) -> Result<TextFormat, Error> {
    match form.unwrap_or(TableForm::Markdown) {
        TableForm::Markdown => Ok(TextFormat::Markdown),
        TableForm::Latex => Ok(TextFormat::Latex),
        TableForm::Html => Ok(TextFormat::Html),
        TableForm::Plain => Ok(TextFormat::Plain),
        TableForm::Csv | TableForm::Bibtex => Err(no_such_form("methods", "markdown, latex, html, plain")),
    }
}

fn citation_format(form: Option<TableForm>) -> Result<CitationFormat, Error> {
    match form.unwrap_or(TableForm::Bibtex) {
        TableForm::Bibtex => Ok(CitationFormat::Bibtex),
        TableForm::Plain => Ok(CitationFormat::Plain),
        _ => Err(no_such_form("citations", "bibtex, plain")),
    }
}

fn no_such_form(what: &str, forms: &str) -> Error {
    let message = format!("`--format` does not fit {what}");
    Error::new(ErrorKind::Config, message).help(format!("forms of {what} are {forms}"))
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
