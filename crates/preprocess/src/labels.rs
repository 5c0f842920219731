//! Stage `labels`: the truth of every kept exam, and what training code wants to know about it.
//!
//! Reads the records; writes `labels.csv`, `label_def.csv`, `y.npy`, `pos_weight.txt` (see
//! [`ecgfm_artifacts::labels`]). Counts per split appear in `label_def.csv` where splits are given; positive weights
//! are then those of the split named `train`, otherwise those of all exams. As in the Python scripts, splits are in the
//! order of their names, and `all` counts the exams that are in a split, where splits are given.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::{IDX, NAME, SPLIT};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::pandas::{Cell, RowWriter};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::table::{self, Column, Kind};
use ecgfm_artifacts::{Error as ArtifactError, atomic, labels, splits};
use polars::prelude::*;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    /// Which columns are labels: name or file of a label set.
    #[serde(default = "default_label_set")]
    pub label_set: String,
    /// `meta_split.csv`, for counts per split.
    #[serde(default)]
    pub splits: Option<PathBuf>,
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
    let truth = Truth::read(&params.records, &set)?;
    let groups = match &params.splits {
        Some(path) => groups(path, &truth)?,
        None => Vec::new(),
    };
    atomic::together(vec![
        Box::new(|| Ok(table::write(&ctx.out.join(labels::FILE), &truth.frame)?)),
        Box::new(|| write_array(&ctx.out.join(labels::ARRAY_FILE), &params.records, &truth)),
    ])?;
    let all = everything(&truth, &groups);
    write_definition(&ctx.out.join(labels::DEFINITION_FILE), &truth, &groups, &all)?;
    let weighted = groups.iter().find(|g| g.name == TRAIN).unwrap_or(&all);
    let weights: Vec<f64> = (0..truth.names.len()).map(|l| weighted.weight(l)).collect();
    atomic::write_bytes(
        &ctx.out.join(labels::WEIGHT_FILE),
        labels::weight_text(&weights).as_bytes(),
    )?;
    Ok(Outcome::default()
        .count("exams", truth.idx.len())
        .count("labels", truth.names.len()))
}

/// The labels of all exams, sorted by idx.
struct Truth {
    names: Vec<String>,
    idx: Vec<i64>,
    /// One vector a label.
    values: Vec<Vec<bool>>,
    frame: DataFrame,
}

/// Exams that are counted together.
struct Group {
    name: String,
    exams: usize,
    /// How many of them have each label.
    positives: Vec<usize>,
}

impl Group {
    fn of(name: &str, rows: &[usize], truth: &Truth) -> Self {
        let count = |values: &Vec<bool>| rows.iter().filter(|&&row| values[row]).count();
        Self {
            name: name.to_owned(),
            exams: rows.len(),
            positives: truth.values.par_iter().map(count).collect(),
        }
    }

    /// Every exam.
    fn whole(name: &str, truth: &Truth) -> Self {
        let count = |values: &Vec<bool>| values.iter().filter(|holds| **holds).count();
        Self {
            name: name.to_owned(),
            exams: truth.idx.len(),
            positives: truth.values.par_iter().map(count).collect(),
        }
    }

    fn share(&self, label: usize) -> f64 {
        self.positives[label] as f64 / self.exams as f64
    }

    /// (1 − p) / p, infinite for a label that never occurs.
    fn weight(&self, label: usize) -> f64 {
        let share = self.share(label);
        (1.0 - share) / share
    }
}

impl Truth {
    fn read(path: &Path, set: &LabelSet) -> Result<Self> {
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
                format!("idx {} stands in more than one row", pair[0]),
            ));
        }
        let column = |n: &String| {
            Ok(table::bool_column(path, &frame, n)?
                .iter()
                .map(|v| v == Some(true))
                .collect())
        };
        let values = names.par_iter().map(column).collect::<Result<_>>()?;
        Ok(Self {
            names,
            idx,
            values,
            frame,
        })
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
    let header = table::header(path)?;
    if let Some(missing) = names.iter().find(|n| !header.contains(n)) {
        let (column, found) = (missing.clone(), header.join(", "));
        return Err(ArtifactError::MissingColumn {
            path: path.to_owned(),
            column,
            found,
        }
        .into());
    }
    Ok(table::read_named(
        path,
        &[Column::new(IDX, Kind::Int)],
        names,
        Kind::Bool,
    )?)
}

/// What is counted as `all`: the exams of all splits, or every exam where no splits are given.
fn everything(truth: &Truth, groups: &[Group]) -> Group {
    if groups.is_empty() {
        return Group::whole("all", truth);
    }
    let sum = |label: usize| groups.iter().map(|g| g.positives[label]).sum();
    Group {
        name: "all".to_owned(),
        exams: groups.iter().map(|g| g.exams).sum(),
        positives: (0..truth.names.len()).map(sum).collect(),
    }
}

/// The exams of each split, splits in the order of their names.
fn groups(path: &Path, truth: &Truth) -> Result<Vec<Group>> {
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
    let groups = groups.iter().map(|(name, rows)| Group::of(name, rows, truth));
    Ok(groups.collect())
}

fn write_array(path: &Path, records: &Path, truth: &Truth) -> Result<()> {
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
                *value = f64::from(u8::from(holds[exam]));
            }
        }
    })?)
}

fn write_definition(path: &Path, truth: &Truth, groups: &[Group], all: &Group) -> Result<()> {
    let mut header = vec![NAME.to_owned()];
    for what in ["pos_count", "pos_percent", "pos_weight"] {
        header.extend(groups.iter().map(|g| format!("{what}_{}", g.name)));
    }
    header.extend(["pos_count_all".to_owned(), "pos_percent_all".to_owned()]);
    let written = atomic::write(path, |out| {
        let written: std::io::Result<()> = (|| {
            let mut w = RowWriter::new(out, &header)?;
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
            w.finish().map(drop)
        })();
        written.map_err(ArtifactError::io("write", path))
    });
    Ok(written?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::stage::{Cancel, NoProgress};

    fn run_on(meta: &str, splits: Option<&str>) -> (tempfile::TempDir, Result<Outcome>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("meta.csv"), meta).unwrap();
        std::fs::write(
            dir.path().join("set.yaml"),
            "name: s\ntitle: s\nlabels: [{name: A, title: a}, {name: B, title: b}]\n",
        )
        .unwrap();
        let splits = splits.map(|text| {
            let path = dir.path().join("meta_split.csv");
            std::fs::write(&path, text).unwrap();
            path
        });
        let label_set = dir.path().join("set.yaml").display().to_string();
        let params = Params {
            records: dir.path().join("meta.csv"),
            label_set,
            splits,
        };
        let cancel = Cancel::default();
        let ctx = Context {
            out: dir.path(),
            home: dir.path(),
            progress: &NoProgress,
            cancel: &cancel,
        };
        let outcome = run(&params, &ctx);
        (dir, outcome)
    }

    #[test]
    fn labels_are_sorted_by_idx_and_weights_are_those_of_the_training_split() {
        let meta = "idx,save_file,B,A\n3,d.mat,True,False\n0,a.mat,False,True\n1,b.mat,False,True\n";
        let splits = "idx,save_file,split\n0,a.mat,train\n1,b.mat,test\n3,d.mat,train\n";
        let (dir, outcome) = run_on(meta, Some(splits));
        assert_eq!(outcome.unwrap().counts["exams"], 3);
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(
            read("labels.csv"),
            "idx,A,B\n0,True,False\n1,True,False\n3,False,True\n"
        );
        assert_eq!(read("pos_weight.txt"), "[1.000000,1.000000]");
        assert_eq!(
            read("label_def.csv").lines().next().unwrap(),
            "name,pos_count_test,pos_count_train,pos_percent_test,pos_percent_train,pos_weight_test,pos_weight_train,\
             pos_count_all,pos_percent_all"
        );
        let y = ecgfm_artifacts::formats::npy::NpyReader::open(&dir.path().join("y.npy")).unwrap();
        assert_eq!(y.header().shape, [4, 2]);
        assert_eq!(
            y.read_all::<f64>().unwrap(),
            [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
        );
    }

    #[test]
    fn all_counts_the_exams_of_the_splits_and_every_exam_without_splits() {
        let meta = "idx,save_file,A,B\n0,a.mat,True,False\n1,b.mat,False,False\n2,c.mat,True,True\n";
        let last_line = |splits| {
            let (dir, outcome) = run_on(meta, splits);
            outcome.unwrap();
            let text = std::fs::read_to_string(dir.path().join("label_def.csv")).unwrap();
            text.lines().nth(1).unwrap().to_owned()
        };
        assert_eq!(last_line(None), "A,2,0.6666666666666666");
        let splits = "idx,save_file,split\n0,a.mat,test\n1,b.mat,test\n";
        assert_eq!(last_line(Some(splits)), "A,1,0.5,1.0,1,0.5");
    }

    #[test]
    fn an_exam_that_stands_twice_or_a_missing_label_is_an_error() {
        let (_dir, twice) = run_on("idx,save_file,A,B\n0,a.mat,True,False\n0,a.mat,True,True\n", None);
        assert!(
            twice
                .unwrap_err()
                .to_string()
                .ends_with("idx 0 stands in more than one row")
        );
        let (_dir, missing) = run_on("idx,save_file,A\n0,a.mat,True\n", None);
        assert!(missing.unwrap_err().to_string().contains("no column `B`"));
    }
}
