//! `meta.csv`: the raw table's row of every kept exam, and what was measured on its recording.

use crate::error::Result;
use crate::kept::KeptExam;
use crate::kept_exams::KeptExams;
use crate::table_paths::TablePaths;
use ecgfm_archives::{Archive, ExamRows};
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::pandas::{Cell, RowWriter};
use ecgfm_artifacts::recipe::steps::SegmentRecipe;
use ecgfm_artifacts::{records, table};
use std::io::Write;
use std::path::Path;

/// Writes the table.
pub(crate) fn write_meta(
    path: &Path,
    archive: &dyn Archive,
    kept: &KeptExams,
    recipe: &SegmentRecipe,
    paths: &TablePaths,
) -> Result<()> {
    let (leads, exams) = (recipe.selection().lead_names(), archive.exams());
    let whole_rates = kept
        .rates()
        .into_iter()
        .all(|rate| f64::from_bits(rate).fract() == 0.0);
    let mut rows = ExamRows::new(exams);
    kept.read_by_row(|kept| {
        let written = table::write_rows(path, header(exams.header(), leads.len()), |w| {
            for row in kept {
                w.cell(Cell::Int(row.idx as i64));
                rows.read(row.idx, |cell| w.cell(cell))?;
                write_measured(w, &row, &leads, whole_rates, (archive, paths));
                w.end_row()?;
            }
            Ok(())
        });
        Ok(written?)
    })
}

/// The columns, given those of the raw table.
pub(crate) fn header(raw: &[String], leads: usize) -> Vec<String> {
    let own = std::iter::once(IDX)
        .chain(raw.iter().map(String::as_str))
        .chain(records::ADDED);
    let mut names: Vec<String> = own.map(str::to_owned).collect();
    for statistic in ["mean", "std"] {
        names.extend((0..leads).map(|l| format!("{statistic}_{l}")));
    }
    names
}

/// The cells after the raw table's, in the order of [`records::ADDED`].
fn write_measured<W: Write>(
    w: &mut RowWriter<W>,
    row: &KeptExam,
    leads: &[&str],
    whole_rates: bool,
    (archive, paths): (&dyn Archive, &TablePaths),
) {
    let save_file = archive.save_file(row.idx);
    let measured = &row.measured;
    let order = python_list(leads.iter().copied());
    let flagged = |flags: &mut dyn Iterator<Item = bool>| {
        python_list(leads.iter().zip(flags).filter(|(_, f)| *f).map(|(l, _)| *l))
    };
    w.cell(Cell::Text(&archive.exams().exam_id(row.idx)));
    w.cell(Cell::Text(&save_file));
    w.cell(Cell::Text(archive.source_of(row.idx)));
    w.cell(Cell::Text(archive.dataset(row.idx)));
    w.cell(Cell::Int(row.row as i64));
    w.cell(Cell::Text(&paths.recording(&save_file)));
    w.cell(Cell::Text(&order));
    w.cell(rate_cell(row.sample_rate, whole_rates));
    w.cell(Cell::Int(row.sample_size as i64));
    w.cell(Cell::Text(&order));
    w.cell(Cell::Bool(measured.any_nan));
    w.cell(Cell::Bool(measured.nan().any(|nan| nan)));
    w.cell(Cell::Text(&flagged(&mut measured.nan())));
    w.cell(Cell::Bool(measured.any_constant_lead()));
    w.cell(Cell::Text(&flagged(&mut measured.constant())));
    measured.statistics().into_iter().for_each(|cell| w.cell(cell));
}

/// A sample rate as pandas writes it: whole numbers where every one of the column is whole.
fn rate_cell(rate: f64, whole_rates: bool) -> Cell<'static> {
    match whole_rates {
        true => Cell::Int(rate as i64),
        false => Cell::Float(rate),
    }
}

/// As Python prints a list of text: `['I', 'II']`.
fn python_list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = items.map(|i| format!("'{i}'")).collect();
    format!("[{}]", quoted.join(", "))
}
