//! Files of the stage beside `labels.csv`.

use crate::error::{Error, Result};
use crate::exam_groups::ExamGroup;
use crate::label_table::LabelTable;
use ecgfm_artifacts::columns::NAME;
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::{labels, table};
use std::path::Path;

/// `y.npy` of more values than this is refused: an `idx` so large comes from a damaged table.
const MAX_VALUES: usize = 1 << 30;
/// Writes `y.npy`.
pub(crate) fn write_array(path: &Path, records: &Path, truth: &LabelTable) -> Result<()> {
    let width = truth.names.len();
    let (first, last) = ([&truth.idx, &truth.others].into_iter()).fold((0, None), |(first, last), idx| {
        (
            first.min(idx.first().copied().unwrap_or_default()),
            last.max(idx.last().copied()),
        )
    });
    if first < 0 {
        return Err(Error::bad_input(records, format!("idx {first} is negative")));
    }
    let height = last.map_or(0, |last| {
        usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1)
    });
    let size = height.saturating_mul(width);
    if size > MAX_VALUES {
        return Err(Error::bad_input(
            records,
            format!("idx reaches {height}: too many rows for an array of labels"),
        ));
    }
    // They are sorted, so that the exams of a block follow those of the last.
    let mut others = truth.others.iter().map(|idx| *idx as usize).peekable();
    let mut exams = truth.idx.iter().map(|idx| *idx as usize).enumerate().peekable();
    Ok(labels::write_array(path, (height, width), |rows, values| {
        while let Some(idx) = others.next_if(|idx| *idx < rows.end) {
            values[(idx - rows.start) * width..][..width].fill(f64::NAN);
        }
        while let Some((exam, idx)) = exams.next_if(|(_, idx)| *idx < rows.end) {
            let row = &mut values[(idx - rows.start) * width..][..width];
            for (value, holds) in row.iter_mut().zip(&truth.values) {
                *value = holds[exam].map_or(f64::NAN, |holds| f64::from(u8::from(holds)));
            }
        }
    })?)
}

/// Writes `label_def.csv`.
pub(crate) fn write_definition(
    path: &Path,
    truth: &LabelTable,
    groups: &[ExamGroup],
    all: &ExamGroup,
) -> Result<()> {
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
