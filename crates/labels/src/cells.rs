//! Columns of labels out of the cells of one column.

use crate::error::{Error, Result};
use crate::leftovers::Leftovers;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::table::{self, Column, ColumnKind};
use ecgfm_artifacts::{Error as ArtifactError, table::cell::is_missing};
use polars::prelude::*;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// Cells that one thread reads at a time.
const BLOCK: usize = 1 << 12;

/// What a cell says about the labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CellTruth {
    /// Truth of each label, none where it is not known; empty where the cell says nothing about any.
    pub(crate) labels: Vec<Option<bool>>,
    /// Parts of the cell that no label has.
    pub(crate) leftovers: BTreeSet<String>,
}

/// Reading of the cells of one column.
pub(crate) trait CellReader: Send + Sync {
    /// Reads a cell that is not empty; the error says what is wrong with it.
    fn read_cell(&self, cell: &str) -> std::result::Result<CellTruth, String>;
}

/// The labels that a column of the records gives, and what of it no label has.
pub(crate) struct ReadColumn {
    /// idx, and each label as a boolean, null where its truth is not known.
    pub(crate) frame: DataFrame,
    pub(crate) leftovers: Leftovers,
    /// Exams whose cell says nothing about any label.
    pub(crate) silent: usize,
}

/// Labels of successive rows.
struct LabelBlock {
    /// `[label][row]`.
    labels: Vec<Vec<Option<bool>>>,
    leftovers: Leftovers,
    silent: usize,
}

/// Reads `column` of the records at `path` into one column for each of `names`. Of records that are not `wanted` nothing is known.
pub(crate) fn read_label_cells(
    path: &Path,
    (column, wanted): (&str, Option<&[bool]>),
    names: &[String],
    reader: &dyn CellReader,
) -> Result<ReadColumn> {
    let keys = [Column::new(IDX, ColumnKind::Int)];
    let frame = table::read_named(path, &keys, &[column.to_owned()], ColumnKind::Text)?;
    let cells = table::str_column(path, &frame, column)?;
    let cells: Vec<&str> = cells.iter().map(Option::unwrap_or_default).collect();
    let unwanted = |row: usize| wanted.is_some_and(|wanted| !wanted[row]);
    let blocks: Vec<LabelBlock> = cells
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(at, block)| {
            let unwanted = |row: usize| unwanted(at * BLOCK + row);
            read_block((block, &unwanted), names.len(), reader).map_err(|bad| (at * BLOCK + bad.0, bad.1))
        })
        .collect::<std::result::Result<_, (usize, String)>>()
        .map_err(|(row, what)| refuse_cell(path, column, (row, cells[row]), &what))?;
    let mut labels: Vec<Vec<Option<bool>>> = names.iter().map(|_| Vec::with_capacity(cells.len())).collect();
    let (mut leftovers, mut silent) = (Leftovers::default(), 0);
    for block in blocks {
        labels
            .iter_mut()
            .zip(block.labels)
            .for_each(|(all, more)| all.extend(more));
        leftovers.merge(block.leftovers);
        silent += block.silent;
    }
    let bad = |e: PolarsError| ArtifactError::invalid(path, e.to_string());
    let mut columns = vec![frame.column(IDX).map_err(bad)?.clone()];
    columns.extend(names.iter().zip(labels).map(|(name, values)| {
        BooleanChunked::from_iter_options(name.as_str().into(), values.into_iter()).into_column()
    }));
    Ok(ReadColumn {
        frame: DataFrame::new(cells.len(), columns).map_err(bad)?,
        leftovers,
        silent,
    })
}

/// Reads successive cells; the error has the place of the cell among them.
fn read_block(
    (cells, unwanted): (&[&str], &dyn Fn(usize) -> bool),
    labels: usize,
    reader: &dyn CellReader,
) -> std::result::Result<LabelBlock, (usize, String)> {
    let mut block = LabelBlock {
        labels: (0..labels).map(|_| Vec::with_capacity(cells.len())).collect(),
        leftovers: Leftovers::default(),
        silent: 0,
    };
    for (row, cell) in cells.iter().enumerate() {
        let unwanted = unwanted(row);
        let truth = match unwanted || is_missing(cell) {
            true => CellTruth::default(),
            false => reader.read_cell(cell).map_err(|what| (row, what))?,
        };
        block.silent += usize::from(truth.labels.is_empty() && !unwanted);
        let values = truth.labels.into_iter().chain(std::iter::repeat(None));
        block
            .labels
            .iter_mut()
            .zip(values)
            .for_each(|(column, value)| column.push(value));
        block.leftovers.add(truth.leftovers);
    }
    Ok(block)
}

fn refuse_cell(path: &Path, column: &str, (row, cell): (usize, &str), what: &str) -> Error {
    let shown: String = cell.chars().take(80).collect();
    let what = format!(
        "line {}, column `{column}`: `{}` {what}",
        table::line_of_record(path, row),
        shown.escape_debug()
    );
    Error::bad_input(path, what)
}
