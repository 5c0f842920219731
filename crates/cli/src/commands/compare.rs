//! `ecgfm compare`: is the second run better than the first, and how sure is that?

use super::print_json;
use crate::args::CompareArgs;
use crate::errors::of_stage;
use ecgfm_artifacts::evaluation::{ShownIn, shown_in};
use ecgfm_artifacts::pandas::{Cell, RowWriter};
use ecgfm_evaluate::difference::{Comparison, compare_evaluations as differ};
use ecgfm_evaluate::metrics::bootstrap::ResamplingPlan;
use ecgfm_pipeline::{Error, ErrorKind};
use std::fmt::Write;

/// Compares two evaluations on the ECGs that both scored.
pub fn compare(args: &CompareArgs) -> Result<(), Error> {
    let plan = ResamplingPlan {
        replicates: args.bootstrap,
        seed: args.seed,
    };
    let found = differ(&args.a, &args.b, plan).map_err(|e| of_stage(&e))?;
    if let Some(path) = &args.output {
        let failed =
            |e: std::io::Error| Error::new(ErrorKind::StageFailed, format!("{}: {e}", path.display()));
        differences_csv(&found)
            .and_then(|table| std::fs::write(path, table))
            .map_err(failed)?;
    }
    if args.json {
        return print_json(&found);
    }
    for notice in &found.notices {
        crate::console::println_stdout!("{notice}\n");
    }
    crate::console::println_stdout!("{}", differences_table(&found));
    Ok(())
}

fn differences_table(found: &Comparison) -> String {
    let mut text = format!(
        "split {}: {} ECGs scored in both; {} in A only, {} in B only\nA  {}\nB  {}\n\n",
        found.subset,
        found.ecgs,
        found.only_a,
        found.only_b,
        found.a.display(),
        found.b.display()
    );
    let width = found
        .differences
        .iter()
        .map(|d| d.label.chars().count())
        .max()
        .unwrap_or(0);
    let _ = writeln!(
        text,
        "{:width$}  statistic         A       B     B − A  95 % interval",
        "label"
    );
    // JSON and CSV have everything.
    let shown: Vec<&str> = shown_in(ShownIn::ComparisonText).map(|s| s.name).collect();
    for d in found.differences.iter().filter(|d| shown.contains(&d.statistic)) {
        let number = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.3}"));
        let signed = |v: f64| format!("{v:+.4}");
        let interval =
            d.lo.zip(d.hi)
                .map(|(lo, hi)| format!("{} to {}{}", signed(lo), signed(hi), difference_mark(lo, hi)));
        let _ = writeln!(
            text,
            "{:width$}  {:12} {:>7} {:>7}  {:>8}  {}",
            d.label,
            d.statistic,
            number(d.a),
            number(d.b),
            d.difference.map_or("–".to_owned(), signed),
            interval.unwrap_or_default()
        );
    }
    let _ = write!(
        text,
        "\n* the interval does not hold 0. {} resamples of {} patients (or ECGs), both runs in the same ones.",
        found.replicates, found.clusters
    );
    text
}

/// A mark where the interval leaves out 0.
fn difference_mark(lo: f64, hi: f64) -> &'static str {
    if lo > 0.0 || hi < 0.0 { " *" } else { "" }
}

/// Table of every difference as CSV.
fn differences_csv(found: &Comparison) -> std::io::Result<Vec<u8>> {
    let header = ["label", "statistic", "a", "b", "difference", "lo", "hi"];
    let mut table = RowWriter::new(Vec::new(), header)?;
    for d in &found.differences {
        // Rust's text of a number, not Python's: no file of the reference is like this one.
        let numbers =
            [d.a, d.b, d.difference, d.lo, d.hi].map(|v| v.map_or(String::new(), |v| v.to_string()));
        let names = [d.label.as_str(), d.statistic].map(Cell::Text);
        table.row(
            names
                .into_iter()
                .chain(numbers.iter().map(|text| Cell::Text(text))),
        )?;
    }
    table.finish()
}
