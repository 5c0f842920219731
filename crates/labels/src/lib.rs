//! Stage `labels`: the truth of every kept exam, its counts and the weights for training.
//!
//! Reads the records; writes `labels.csv`, `label_def.csv`, `y.npy`, `pos_weight.txt` (see
//! [`ecgfm_artifacts::labels`]). Counts per split appear in `label_def.csv` where splits are given; positive weights
//! are then those of the split named `train`, otherwise those of all exams. As in the Python scripts, splits are in the
//! order of their names, and `all` counts the exams that are in a split, where splits are given.

mod error;

use ecgfm_artifacts::columns::{IDX, NAME, SPLIT};
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::table::{self, Column, ColumnKind};
use ecgfm_artifacts::{Error as ArtifactError, atomic, labels, parallel, splits};
use polars::prelude::*;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use error::{Error, Result};

/// `y.npy` of more values than this is refused: an `idx` so large comes from a damaged table.
const MAX_VALUES: usize = 1 << 30;
/// The split whose positive weights training uses.
const TRAIN: &str = "train";

/// Parameters of the stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// `meta.csv` of the signals stage.
    pub records: PathBuf,
    /// Label set that names the columns of labels: its name or file.
    #[serde(default = "default_label_set")]
    pub label_set: String,
    /// `meta_split.csv`, for counts per split.
    #[serde(default)]
    pub splits: Option<PathBuf>,
    /// Treatment of an exam whose cell of a label holds nothing.
    #[serde(default)]
    pub missing_label: MissingLabel,
}

fn default_label_set() -> String {
    "code15".to_owned()
}

/// Runs the stage.
///
/// # Errors
/// The records lack a label's column or hold something else in it; the splits name an exam the records do not have.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let set = LabelSet::load(&params.label_set)?;
    let truth = LabelTable::read(&params.records, &set, params.missing_label)?;
    for note in truth.notes() {
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
    let outcome = Outcome::default()
        .count("exams", truth.idx.len())
        .count("labels", truth.names.len());
    let unknown: BTreeMap<&String, usize> = truth.unknown().collect();
    if unknown.is_empty() {
        return Ok(outcome);
    }
    Ok(outcome
        .count("labels_unknown", unknown.values().sum())
        .fact("exams_without_label", serde_json::json!(unknown)))
}

/// The labels of all exams, sorted by idx.
struct LabelTable {
    names: Vec<String>,
    idx: Vec<i64>,
    /// Truth of each label, `[label][exam]`; none where it is not known.
    values: Vec<Vec<Option<bool>>>,
    frame: DataFrame,
}

/// Exams that are counted together.
struct ExamGroup {
    name: String,
    /// Exams of which each label's truth is known.
    known: Vec<usize>,
    /// Number of these exams that have each label.
    positives: Vec<usize>,
}

impl ExamGroup {
    fn of_rows(name: &str, rows: &[usize], truth: &LabelTable) -> Self {
        let count = |values: &Vec<Option<bool>>| count_known(rows.iter().map(|&row| values[row]));
        Self::new(name, truth.values.par_iter().map(count).collect())
    }

    /// Every exam.
    fn of_all(name: &str, truth: &LabelTable) -> Self {
        let count = |values: &Vec<Option<bool>>| count_known(values.iter().copied());
        Self::new(name, truth.values.par_iter().map(count).collect())
    }

    fn new(name: &str, counts: Vec<(usize, usize)>) -> Self {
        let (known, positives) = counts.into_iter().unzip();
        Self {
            name: name.to_owned(),
            known,
            positives,
        }
    }

    fn share(&self, label: usize) -> f64 {
        self.positives[label] as f64 / self.known[label] as f64
    }

    /// (1 − p) / p, infinite for a label that never occurs.
    fn weight(&self, label: usize) -> f64 {
        let share = self.share(label);
        (1.0 - share) / share
    }
}

/// Counts the values that are known, and those of them that hold.
fn count_known(values: impl Iterator<Item = Option<bool>>) -> (usize, usize) {
    values.flatten().fold((0, 0), |(known, positives), holds| {
        (known + 1, positives + usize::from(holds))
    })
}

impl LabelTable {
    fn read(path: &Path, set: &LabelSet, missing: MissingLabel) -> Result<Self> {
        let names: Vec<String> = set.labels.iter().map(|l| l.name.clone()).collect();
        let mut frame = read_labels(path, &names)?;
        if !table::int_column(path, &frame, IDX)?.iter().is_sorted() {
            let sorted = frame.sort([IDX], SortMultipleOptions::default().with_maintain_order(true));
            frame = sorted.map_err(|e| ArtifactError::invalid(path, e.to_string()))?;
        }
        let idx: Vec<i64> = table::int_column(path, &frame, IDX)?.iter().flatten().collect();
        if let Some(pair) = idx.windows(2).find(|w| w[0] == w[1]) {
            return Err(Error::bad_input(
                path,
                format!("idx {} is in more than one row", pair[0]),
            ));
        }
        let column = |n: &String| Ok(labels::truth_column(path, &frame, n, missing)?);
        let values: Vec<Vec<Option<bool>>> = names.par_iter().map(column).collect::<Result<_>>()?;
        if missing == MissingLabel::Negative {
            for (name, values) in names.iter().zip(&values) {
                let filled = BooleanChunked::from_iter_options(name.as_str().into(), values.iter().copied());
                let replaced = frame.with_column(filled.into_column());
                replaced.map_err(|e| ArtifactError::invalid(path, e.to_string()))?;
            }
        }
        Ok(Self {
            names,
            idx,
            values,
            frame,
        })
    }

    /// Labels that are not known of every exam, and of how many they are not.
    fn unknown(&self) -> impl Iterator<Item = (&String, usize)> {
        let unknown = |values: &Vec<Option<bool>>| values.iter().filter(|value| value.is_none()).count();
        let all = self.names.iter().zip(&self.values);
        all.map(move |(name, values)| (name, unknown(values)))
            .filter(|(_, unknown)| *unknown > 0)
    }

    /// Messages, one for each label that is not known of every exam.
    fn notes(&self) -> Vec<String> {
        let note = |(name, unknown)| {
            format!(
                "label `{name}`: {unknown} of {} exams have no truth of it; they are left out of this label \
                 (`missing_label: negative` takes them as exams without it)",
                self.idx.len()
            )
        };
        self.unknown().map(note).collect()
    }

    /// The row of an exam. Most tables hold every idx from 0 on, so that it is the row.
    fn row(&self, idx: i64) -> Option<usize> {
        let guess = usize::try_from(idx)
            .ok()
            .filter(|&row| self.idx.get(row) == Some(&idx));
        guess.or_else(|| self.idx.binary_search(&idx).ok())
    }
}

/// idx and the label columns, whose names are only known at run time.
fn read_labels(path: &Path, names: &[String]) -> Result<DataFrame> {
    let header = table::read_header(path)?;
    if let Some(missing) = names.iter().find(|n| !header.contains(n)) {
        let (column, found) = (missing.clone(), header.join(", "));
        return Err(ArtifactError::MissingColumn {
            path: path.to_owned(),
            column,
            found,
        }
        .into());
    }
    Ok(table::read_named_optional(
        path,
        &[Column::new(IDX, ColumnKind::Int)],
        names,
        ColumnKind::Bool,
    )?)
}

/// Group that is counted as `all`: the exams of all splits, or every exam where no splits are given.
fn group_of_all(truth: &LabelTable, groups: &[ExamGroup]) -> ExamGroup {
    if groups.is_empty() {
        return ExamGroup::of_all("all", truth);
    }
    let sum = |label: usize| {
        let sum = |of: fn(&ExamGroup) -> &Vec<usize>| groups.iter().map(|group| of(group)[label]).sum();
        (sum(|group| &group.known), sum(|group| &group.positives))
    };
    ExamGroup::new("all", (0..truth.names.len()).map(sum).collect())
}

/// The exams of each split, splits in the order of their names.
fn groups_by_split(path: &Path, truth: &LabelTable) -> Result<Vec<ExamGroup>> {
    let frame = splits::read_meta(path)?;
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let names = table::str_column(path, &frame, SPLIT)?;
    for (idx, name) in table::int_column(path, &frame, IDX)?
        .iter()
        .flatten()
        .zip(names.iter().flatten())
    {
        let row = truth.row(idx).ok_or_else(|| {
            Error::bad_input(
                path,
                format!("idx {idx} is not among the records; run splits again on these records"),
            )
        })?;
        groups.entry(name).or_default().push(row);
    }
    let groups = groups
        .iter()
        .map(|(name, rows)| ExamGroup::of_rows(name, rows, truth));
    Ok(groups.collect())
}

fn write_array(path: &Path, records: &Path, truth: &LabelTable) -> Result<()> {
    let width = truth.names.len();
    let height = match (truth.idx.first(), truth.idx.last()) {
        (Some(&first), _) if first < 0 => {
            return Err(Error::bad_input(records, format!("idx {first} is negative")));
        }
        (_, Some(&last)) => usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1),
        _ => 0,
    };
    let size = height.saturating_mul(width);
    if size > MAX_VALUES {
        return Err(Error::bad_input(
            records,
            format!("idx reaches {height}: too many rows for an array of labels"),
        ));
    }
    // They are sorted, so that the exams of a block follow those of the last.
    let mut exams = truth.idx.iter().map(|idx| *idx as usize).enumerate().peekable();
    Ok(labels::write_array(path, (height, width), |rows, values| {
        while let Some((exam, idx)) = exams.next_if(|(_, idx)| *idx < rows.end) {
            let row = &mut values[(idx - rows.start) * width..][..width];
            for (value, holds) in row.iter_mut().zip(&truth.values) {
                *value = holds[exam].map_or(f64::NAN, |holds| f64::from(u8::from(holds)));
            }
        }
    })?)
}

fn write_definition(path: &Path, truth: &LabelTable, groups: &[ExamGroup], all: &ExamGroup) -> Result<()> {
    let mut header = vec![NAME.to_owned()];
    for what in ["pos_count", "pos_percent", "pos_weight"] {
        header.extend(groups.iter().map(|g| format!("{what}_{}", g.name)));
    }
    header.extend(["pos_count_all".to_owned(), "pos_percent_all".to_owned()]);
    let written = table::write_rows(path, &header, |w| {
        for (label, name) in truth.names.iter().enumerate() {
            w.cell(Cell::Text(name));
            groups
                .iter()
                .for_each(|g| w.cell(Cell::Int(g.positives[label] as i64)));
            groups.iter().for_each(|g| w.cell(Cell::Float(g.share(label))));
            groups.iter().for_each(|g| w.cell(Cell::Float(g.weight(label))));
            w.cell(Cell::Int(all.positives[label] as i64));
            w.cell(Cell::Float(all.share(label)));
            w.end_row()?;
        }
        Ok(())
    });
    Ok(written?)
}

#[cfg(test)]
mod tests;
