//! The stage: reads the truth, counts it, writes it.

use crate::error::Result;
use crate::exam_groups::{group_of_all, groups_by_split};
use crate::label_table::LabelTable;
use crate::origin::ColumnSummary;
use crate::outputs::{write_array, write_definition};
use crate::params::Params;
use crate::truth_reader::{ReadTruth, TruthReader};
use ecgfm_artifacts::labels::{self, MissingLabel};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{atomic, parallel, table};
use std::collections::BTreeMap;

/// The split whose positive weights training uses.
const TRAIN: &str = "train";

/// Runs the stage.
///
/// # Errors
/// The records lack a label's column or hold something else in it; the splits name an exam the records do not have.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    params.check()?;
    let set = LabelSet::load(&params.label_set)?;
    let mut read = TruthReader::new(params, &set)?.read(&params.records)?;
    let frame = std::mem::take(&mut read.frame);
    let others = std::mem::take(&mut read.others.idx);
    let truth = LabelTable::of(&params.records, (frame, others), params.missing_label)?;
    for note in notes(&truth, &read, params.missing_label) {
        ctx.progress.note(&note);
    }
    let groups = match &params.splits {
        Some(path) => groups_by_split(path, &truth)?,
        None => Vec::new(),
    };
    parallel::run_parallel(vec![
        Box::new(|| Ok(table::write(&ctx.out.join(labels::FILE), &truth.frame)?)),
        Box::new(|| write_array(&ctx.out.join(labels::ARRAY_FILE), &params.records, &truth)),
    ])?;
    let all = group_of_all(&truth, &groups);
    write_definition(&ctx.out.join(labels::DEFINITION_FILE), &truth, &groups, &all)?;
    let weighted = groups.iter().find(|g| g.name == TRAIN).unwrap_or(&all);
    let weights: Vec<f64> = (0..truth.names.len()).map(|l| weighted.weight(l)).collect();
    atomic::write_bytes(
        &ctx.out.join(labels::WEIGHT_FILE),
        labels::weight_text(&weights).as_bytes(),
    )?;
    Ok(count_outcome(&truth, &read))
}

/// Messages about what is not known of the exams, and about what of columns no label has.
fn notes(truth: &LabelTable, read: &ReadTruth, missing: MissingLabel) -> Vec<String> {
    let mut notes = Vec::from_iter(read.others.note(truth.others.len()));
    notes.extend(
        read.columns
            .iter()
            .filter_map(|(source, column)| silence_note((source.as_deref(), column), missing)),
    );
    let silent: usize = read.columns.iter().map(|(_, column)| column.silent).sum();
    notes.extend(truth.notes(|label| silent + read.not_given[label]));
    for (name, exams) in truth
        .names
        .iter()
        .zip(&read.not_given)
        .filter(|(_, exams)| **exams > 0)
    {
        notes.push(format!(
            "label `{name}`: {exams} exams are of sources whose rule cannot give it; they are left out of this label"
        ));
    }
    let leftovers = read
        .columns
        .iter()
        .filter(|(_, column)| column.leftovers.count() > 0);
    notes.extend(leftovers.map(|(source, column)| {
        format!(
            "{}column `{}`: {} of {} exams have {}: {}",
            of_source(source.as_deref()),
            column.name,
            column.leftovers.exams(),
            column.exams,
            column.words.message,
            column.leftovers.describe()
        )
    }));
    notes
}

/// Start of a message about a source.
fn of_source(source: Option<&str>) -> String {
    source.map_or_else(String::new, |source| format!("source {source}: "))
}

/// Message about exams whose cell says nothing; none where there are none.
fn silence_note((source, column): (Option<&str>, &ColumnSummary), missing: MissingLabel) -> Option<String> {
    let (name, silent, exams) = (&column.name, column.silent, column.exams);
    let fate = match missing {
        MissingLabel::Negative => "they count as exams without any label",
        MissingLabel::Exclude | MissingLabel::Error => {
            "they are left out of every label (`missing_label: negative` takes them as exams without any)"
        }
    };
    (silent > 0).then(|| {
        let source = of_source(source);
        format!("{source}column `{name}` says nothing about {silent} of {exams} exams; {fate}")
    })
}

fn count_outcome(truth: &LabelTable, read: &ReadTruth) -> Outcome {
    let mut outcome = Outcome::default()
        .count("exams", truth.idx.len())
        .count("labels", truth.names.len());
    if !truth.others.is_empty() {
        outcome = outcome
            .count("exams_of_other_sources", truth.others.len())
            .fact("other_sources", serde_json::json!(read.others.by_source));
    }
    for (source, column) in &read.columns {
        let (words, leftovers) = (column.words, &column.leftovers);
        let named = |name: &str| match source {
            Some(source) => format!("{name}_{source}"),
            None => name.to_owned(),
        };
        outcome = outcome
            .count(&named("exams_without_truth"), column.silent)
            .count(&named(words.count), leftovers.count())
            .count(&named(words.exams), leftovers.exams())
            .fact(&named(words.fact), leftovers.to_json());
    }
    let unknown: BTreeMap<&String, usize> = truth.unknown().collect();
    if unknown.is_empty() {
        return outcome;
    }
    outcome
        .count("labels_unknown", unknown.values().sum())
        .fact("exams_without_label", serde_json::json!(unknown))
}
