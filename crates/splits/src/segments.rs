//! The segments of the split exams: `segmented_split.csv`.

use crate::error::{Error, Result};
use crate::records::ExamRecords;
use ecgfm_artifacts::columns::{PATH, SAMPLE_SIZE, SAVE_FILE};
use ecgfm_artifacts::stage::Context;
use ecgfm_artifacts::{splits, table};
use hashbrown::HashMap;
use polars::prelude::*;
use rayon::prelude::*;
use std::path::Path;

/// Segments that one thread looks the exams of up.
const SEGMENTS_AT_ONCE: usize = 1 << 15;

/// The exam of each segment, by its row among all.
pub(crate) fn find_exams((path, table): (&Path, &DataFrame), all: &ExamRecords) -> Result<Vec<IdxSize>> {
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
pub(crate) fn write_segments(
    ctx: &Context<'_>,
    (path, table): (&Path, &DataFrame),
    exams: &[IdxSize],
    (rows, split): (&[Option<IdxSize>], &DataFrame),
) -> Result<(usize, usize)> {
    let placed = exams.iter().map(|exam| rows[*exam as usize]).zip(0..);
    let (left, right): (Vec<IdxSize>, Vec<IdxSize>) = placed
        .filter_map(|(exam, segment)| Some((exam?, segment)))
        .unzip();
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
