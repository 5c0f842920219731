//! Stage `splits`: every kept exam into one split, every segment after its exam.
//!
//! Reads the records and the segment table; writes `meta_split.csv` in the records' order and `segmented_split.csv` in
//! the segments' (see [`ecgfm_artifacts::splits`]). The same records, parameters and seed give the same splits.

mod assign;
mod check;
mod fractions;
mod shuffle;

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::{IDX, PATH, SAMPLE_SIZE, SAVE_FILE, SPLIT};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::table::cell::{boolean, is_missing};
use ecgfm_artifacts::table::{self, Kind};
use ecgfm_artifacts::{atomic, segments, splits};
use hashbrown::HashMap;
use polars::prelude::*;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How exams are assigned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Exams at random; a patient may be in several splits.
    #[default]
    Random,
    /// Groups (patients) at random; fractions are of groups, and a group is in one split.
    Grouped,
    /// Exams by date, the oldest first.
    Temporal,
    /// Exams by date; then each group goes where most of its exams are, the earlier split at a tie.
    GroupedTemporal,
}

/// What `grouped_temporal` does with an exam whose own date lies in another split than its group's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutOfPeriod {
    /// It goes with its group.
    #[default]
    Keep,
    /// It is left out, so that every split holds exams of its own period only.
    Drop,
}

/// Parameters of the stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// `meta.csv` of the signals stage.
    pub records: PathBuf,
    /// `segmented.csv` of the signals stage.
    #[serde(default)]
    pub segments: Option<PathBuf>,
    /// How exams are assigned.
    #[serde(default)]
    pub strategy: Strategy,
    /// Share of each split. A sum below 1 gets the remainder as one more split, a sum above 1 is normalised.
    #[schemars(inner(range(min = 0)))]
    pub fractions: Vec<f64>,
    /// Names of the splits, one a fraction (and one for the remainder).
    pub names: Vec<String>,
    /// Seed of the random strategies.
    #[serde(default)]
    pub seed: u64,
    /// Column that groups exams, for the grouped strategies. An exam that it is empty for is a group of its own.
    #[serde(default = "default_group")]
    pub group: String,
    /// Column that orders exams in time, for the temporal strategies: all numbers, or all text that sorts by time.
    #[serde(default)]
    pub date: Option<String>,
    /// Boolean columns; an exam is left out where any of them is true.
    #[serde(default)]
    pub filter_cols: Vec<String>,
    /// Values of the column `dataset`; exams of other data sets are left out. Empty: all are kept.
    #[serde(default)]
    pub dataset_subset: Vec<String>,
    /// Columns of the records to carry along.
    #[serde(default)]
    pub keep_cols: Vec<String>,
    /// What `grouped_temporal` does with an exam whose own date lies in another split than its group's.
    #[serde(default)]
    pub out_of_period: OutOfPeriod,
}

impl Params {
    /// The columns of the records that go into the tables, each once: the group's, the date's, and those to keep.
    fn carried(&self) -> Vec<&str> {
        let group = self.is_grouped().then_some(self.group.as_str());
        let date = self.date.as_deref().filter(|_| self.is_temporal());
        let mut carried = Vec::new();
        for column in group
            .into_iter()
            .chain(date)
            .chain(self.keep_cols.iter().map(String::as_str))
        {
            if ![IDX, SAVE_FILE].contains(&column) && !carried.contains(&column) {
                carried.push(column);
            }
        }
        carried
    }
}

fn default_group() -> String {
    "patient_id".to_owned()
}

/// Runs the stage.
///
/// # Errors
/// Fractions and names do not fit; a column is missing; a segment's recording is not among the records.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let shares = fractions::complete(&params.fractions, params.names.len())?;
    check::names(&params.names)?;
    let (all, segments) = rayon::join(
        || Exams::read(params),
        || params.segments.as_deref().map(segments::read).transpose(),
    );
    let (all, segments) = (all?, segments?);
    let segments = params.segments.as_deref().zip(segments.as_ref());
    let (split, exams_of_segments) = rayon::join(
        || Split::of(&all, params, &shares),
        || segments.map(|segments| exams_of(segments, &all)).transpose(),
    );
    let (split, exams_of_segments) = (split?, exams_of_segments?);
    let mut of_segments = None;
    atomic::together::<Error>(vec![
        Box::new(|| Ok(splits::write(&ctx.out.join(splits::META_FILE), &split.frame)?)),
        Box::new(|| {
            if let (Some(segments), Some(exams)) = (segments, exams_of_segments) {
                of_segments = Some(write_segments(ctx, segments, &exams, &split)?);
            }
            Ok(())
        }),
    ])?;
    let kept = split.frame.height();
    let mut outcome = Outcome::default()
        .count("read", all.frame.height())
        .count("filtered", all.frame.height() - split.assigned.len())
        .count("out_of_period", split.assigned.len() - kept)
        .count("kept", kept)
        .fact("seed", params.seed);
    for (i, name) in params.names.iter().enumerate() {
        outcome = outcome.count(
            &format!("exams_{name}"),
            split.assigned.iter().filter(|a| **a == Some(i)).count(),
        );
    }
    if split.without_group > 0 {
        outcome = outcome.count("exams_without_group", split.without_group);
    }
    if let Some((written, left_out)) = of_segments {
        outcome = outcome
            .count("segments", written)
            .count("segments_left_out", left_out);
    }
    Ok(outcome)
}

/// Segments that one thread looks the exams of up.
const SEGMENTS_AT_ONCE: usize = 1 << 15;

/// The records, all columns that matter as text or integers.
#[derive(Clone)]
struct Exams {
    path: PathBuf,
    frame: DataFrame,
}

impl Exams {
    fn read(params: &Params) -> Result<Self> {
        let path = &params.records;
        if params.is_temporal() && params.date.is_none() {
            return Err(check::no_date());
        }
        let named = params.columns();
        let mut wanted: Vec<String> = named.into_iter().map(|(_, name)| name.to_owned()).collect();
        wanted.retain(|w| w != IDX && w != SAVE_FILE);
        wanted.sort();
        wanted.dedup();
        let keys = [
            table::Column::new(IDX, Kind::Int),
            table::Column::new(SAVE_FILE, Kind::Text),
        ];
        let frame = table::read_named(path, &keys, &wanted, Kind::Text)?;
        Ok(Self {
            path: path.clone(),
            frame,
        })
    }

    fn text(&self, column: &str) -> Result<&StringChunked> {
        Ok(table::str_column(&self.path, &self.frame, column)?)
    }

    /// The key of an exam, for messages: where rows were filtered out, their numbers say little.
    fn idx(&self, row: usize) -> Result<i64> {
        Ok(table::int_column(&self.path, &self.frame, IDX)?
            .get(row)
            .unwrap_or(-1))
    }

    /// Which exams no parameter leaves out.
    fn wanted(&self, params: &Params) -> Result<Vec<bool>> {
        let mut keep = vec![true; self.frame.height()];
        for name in &params.filter_cols {
            for (row, value) in self.text(name)?.iter().enumerate() {
                keep[row] &= !is_true(&self.path, name, row, value.unwrap_or_default())?;
            }
        }
        if !params.dataset_subset.is_empty() {
            for (row, value) in self.text(check::DATASET)?.iter().enumerate() {
                keep[row] &= params.dataset_subset.iter().any(|d| Some(d.as_str()) == value);
            }
        }
        Ok(keep)
    }

    fn only(&self, keep: &[bool]) -> Result<Self> {
        if keep.iter().all(|keep| *keep) {
            return Ok(self.clone());
        }
        let mask = BooleanChunked::from_slice("keep".into(), keep);
        let frame = self
            .frame
            .filter(&mask)
            .map_err(|e| Error::bad_input(&self.path, e.to_string()))?;
        Ok(Self {
            path: self.path.clone(),
            frame,
        })
    }

    /// idx, save_file, split and the carried columns of the exams that have a split.
    fn with_splits(&self, params: &Params, assigned: &[Option<usize>]) -> Result<DataFrame> {
        let bad = |e: PolarsError| Error::bad_input(&self.path, e.to_string());
        let names: StringChunked = assigned
            .iter()
            .map(|a| a.map(|i| params.names[i].as_str()))
            .collect();
        let mut frame = self.frame.clone();
        frame
            .with_column(names.with_name(SPLIT.into()).into_column())
            .map_err(bad)?;
        let kept: Vec<bool> = assigned.iter().map(Option::is_some).collect();
        let frame = frame
            .filter(&BooleanChunked::from_slice("keep".into(), &kept))
            .map_err(bad)?;
        let columns = [IDX, SAVE_FILE, SPLIT].into_iter().chain(params.carried());
        frame.select(columns).map_err(bad)
    }
}

/// The exams that have a split.
struct Split {
    /// idx, save_file, split and the carried columns of each.
    frame: DataFrame,
    /// The number of the split of every exam that was not filtered out; none where it lies out of its period.
    assigned: Vec<Option<usize>>,
    /// Which of all exams were not filtered out.
    wanted: Vec<bool>,
    /// Exams whose group is not known, each of which was split by itself.
    without_group: usize,
}

impl Split {
    fn of(all: &Exams, params: &Params, shares: &[f64]) -> Result<Self> {
        let wanted = all.wanted(params)?;
        let exams = all.only(&wanted)?;
        let assigned = assign::assign(&exams, params, shares)?;
        let frame = exams.with_splits(params, &assigned.split_of)?;
        Ok(Self {
            frame,
            assigned: assigned.split_of,
            wanted,
            without_group: assigned.without_group,
        })
    }

    /// Where each of all exams stands in the frame.
    fn rows(&self) -> Vec<Option<IdxSize>> {
        let (mut assigned, mut row) = (self.assigned.iter(), 0..);
        let place = |wanted: &bool| {
            let split = if *wanted { assigned.next()? } else { &None };
            split.and_then(|_| row.next())
        };
        self.wanted.iter().map(place).collect()
    }
}

fn is_true(path: &Path, column: &str, row: usize, value: &str) -> Result<bool> {
    match boolean(value) {
        Some(holds) => Ok(holds),
        None if is_missing(value) => Ok(false),
        None => Err(Error::bad_input(
            path,
            format!(
                "line {}, column `{column}`: `{value}` is not True or False",
                row + 2
            ),
        )),
    }
}

/// The exam of each segment, by its row among all.
fn exams_of((path, table): (&Path, &DataFrame), all: &Exams) -> Result<Vec<IdxSize>> {
    let exams = all.text(SAVE_FILE)?;
    let mut row_of: HashMap<&str, IdxSize> = HashMap::with_capacity(exams.len());
    row_of.extend(exams.iter().map(Option::unwrap_or_default).zip(0..));
    let segments = table::str_column(path, table, SAVE_FILE)?;
    let segments: Vec<&str> = segments.iter().map(Option::unwrap_or_default).collect();
    let mut found = vec![0; segments.len()];
    let look_up = |(segments, found): (&[&str], &mut [IdxSize])| {
        // Segments of one exam stand together, so that many are found where the last one was.
        let mut last = None;
        for (&save_file, exam) in segments.iter().zip(found) {
            *exam = match last {
                Some((name, row)) if name == save_file => row,
                _ => *row_of.get(save_file)?,
            };
            last = Some((save_file, *exam));
        }
        Some(())
    };
    let pieces = segments.par_chunks(SEGMENTS_AT_ONCE);
    let known = pieces
        .zip(found.par_chunks_mut(SEGMENTS_AT_ONCE))
        .try_for_each(look_up);
    if known.is_none()
        && let Some(stranger) = segments.iter().find(|name| !row_of.contains_key(*name))
    {
        let what = format!("`{stranger}` is not among the records {}", all.path.display());
        return Err(Error::bad_input(path, what));
    }
    Ok(found)
}

/// Writes the segments of the split exams; returns how many, and how many belong to exams that were left out.
fn write_segments(
    ctx: &Context<'_>,
    (path, table): (&Path, &DataFrame),
    exams: &[IdxSize],
    split: &Split,
) -> Result<(usize, usize)> {
    let rows = split.rows();
    let placed = exams.iter().map(|exam| rows[*exam as usize]).zip(0..);
    let (left, right): (Vec<IdxSize>, Vec<IdxSize>) = placed
        .filter_map(|(exam, segment)| Some((exam?, segment)))
        .unzip();
    let split = &split.frame;
    let bad = |e: PolarsError| Error::bad_input(path, e.to_string());
    let own = if right.len() == table.height() {
        table.clone()
    } else {
        table.take(&IdxCa::from_vec("row".into(), right)).map_err(bad)?
    };
    let of_exams = IdxCa::from_vec("row".into(), left);
    let names = split.get_column_names().into_iter().map(|name| name.as_str());
    let columns = names.chain([PATH, SAMPLE_SIZE]).map(|name| match name {
        // The same text either way, and here it lies in the order of the rows.
        SAVE_FILE | PATH | SAMPLE_SIZE => own.column(name).cloned(),
        _ => split.column(name)?.take(&of_exams),
    });
    let columns = columns.collect::<PolarsResult<Vec<_>>>().map_err(bad)?;
    let frame = DataFrame::new(own.height(), columns).map_err(bad)?;
    splits::write(&ctx.out.join(splits::SEGMENTED_FILE), &frame)?;
    Ok((frame.height(), table.height() - frame.height()))
}
