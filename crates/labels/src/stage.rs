//! The stage: reads the truth, counts it, writes it.

use crate::error::Result;
use crate::exam_groups::{group_of_all, groups_by_split};
use crate::label_table::LabelTable;
use crate::origin::{ColumnSummary, TruthReader};
use crate::outputs::{write_array, write_definition};
use crate::params::Params;
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
    let (frame, column) = TruthReader::new(&params.from, &set)?.read(&params.records)?;
    let truth = LabelTable::of(&params.records, frame, params.missing_label)?;
    for note in notes(&truth, column.as_ref(), params.missing_label) {
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
    Ok(count_outcome(&truth, column.as_ref()))
}

/// Messages about what is not known of the exams, and about what of a column no label has.
fn notes(truth: &LabelTable, column: Option<&ColumnSummary>, missing: MissingLabel) -> Vec<String> {
    let exams = truth.idx.len();
    let Some(column) = column else {
        return truth.notes(0);
    };
    let mut notes = Vec::new();
    if column.silent > 0 {
        let fate = match missing {
            MissingLabel::Negative => "they count as exams without any label",
            MissingLabel::Exclude | MissingLabel::Error => {
                "they are left out of every label (`missing_label: negative` takes them as exams without any)"
            }
        };
        let (name, silent) = (&column.name, column.silent);
        notes.push(format!(
            "column `{name}` says nothing about {silent} of {exams} exams; {fate}"
        ));
    }
    notes.extend(truth.notes(column.silent));
    if column.leftovers.count() > 0 {
        notes.push(format!(
            "column `{}`: {} of {exams} exams have {}: {}",
            column.name,
            column.leftovers.exams(),
            column.words.message,
            column.leftovers.describe()
        ));
    }
    notes
}

fn count_outcome(truth: &LabelTable, column: Option<&ColumnSummary>) -> Outcome {
    let mut outcome = Outcome::default()
        .count("exams", truth.idx.len())
        .count("labels", truth.names.len());
    if let Some(column) = column {
        let (words, leftovers) = (column.words, &column.leftovers);
        outcome = outcome
            .count("exams_without_truth", column.silent)
            .count(words.count, leftovers.count())
            .count(words.exams, leftovers.exams())
            .fact(words.fact, leftovers.to_json());
    }
    let unknown: BTreeMap<&String, usize> = truth.unknown().collect();
    if unknown.is_empty() {
        return outcome;
    }
    outcome
        .count("labels_unknown", unknown.values().sum())
        .fact("exams_without_label", serde_json::json!(unknown))
}
