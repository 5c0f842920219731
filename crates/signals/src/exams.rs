//! The table of exams, and which tracing is whose.

use crate::SetAside;
use crate::catalog::{Catalog, Place};
use crate::dataset::{self, Cells};
use crate::error::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::columns::{EXAM_ID, IDX, PATIENT_ID, TRACE_FILE};
use ecgfm_artifacts::formats::exists;
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::records;
use ecgfm_artifacts::rejected::{Reason, Rejected};
use ecgfm_artifacts::table::cell::{integer, is_missing};
use ecgfm_artifacts::table::{self, Lines};
use polars::prelude::StringChunked;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// `exams.csv`, every cell as it stands there.
pub(crate) struct Exams {
    header: Vec<String>,
    columns: Vec<StringChunked>,
    /// How each is written to `meta.csv`.
    forms: Vec<Form>,
    /// Columns to be checked, by number.
    checks: Vec<(usize, Cells)>,
    exam_id: usize,
    trace_file: usize,
    rows: usize,
    lines: Lines,
}

/// Where the exams are.
pub(crate) struct Located {
    /// In the order in which tracings are stored.
    pub(crate) jobs: Vec<Job>,
    /// The exams without a tracing, in the order of the table.
    pub(crate) rejected: Vec<SetAside>,
    /// Tracings of exams that the table does not name.
    pub(crate) unlisted: usize,
}

/// An exam whose tracing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Job {
    /// Row number in the table.
    pub(crate) idx: usize,
    /// Its number.
    pub(crate) exam_id: i64,
    /// Where its tracing is.
    pub(crate) place: Place,
}

impl Exams {
    /// Reads the table in the directory `raw`.
    pub(crate) fn read(raw: &Path) -> Result<Self> {
        let path = table_in(raw)?;
        let frame = table::read_all_text(&path)?;
        let names = frame.get_column_names();
        let columns = names
            .iter()
            .map(|name| Ok(table::str_column(&path, &frame, name)?.clone()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        // Blanks around a name are no part of it: ` AF` left as it is would be a column that nobody checks.
        let header: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        check_header(&path, &header)?;
        let place = |name: &str| header.iter().position(|h| h == name);
        let checks = dataset::COLUMNS
            .iter()
            .filter(|(name, _)| !dataset::UNUSED.contains(name))
            .filter_map(|(name, cells)| Some((place(name)?, *cells)))
            .collect();
        let (exam_id, trace_file) = (place(EXAM_ID).unwrap_or(0), place(TRACE_FILE).unwrap_or(0));
        Ok(Self {
            columns,
            forms: header.iter().map(|name| Form::of(name)).collect(),
            checks,
            exam_id,
            trace_file,
            rows: frame.height(),
            lines: Lines::read(&path, header.len())?,
            header,
        })
    }

    /// The line of the table on which a row stands.
    pub(crate) fn line(&self, row: usize) -> usize {
        self.lines.of(row)
    }

    /// Number of exams.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Names of the columns, in order.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The cells of a row, in the order of the columns: canonical in columns that a later stage relies on, as they stand
    /// in others.
    pub(crate) fn cells(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        let forms = self.forms.iter().enumerate();
        forms.map(move |(column, form)| form.cell(self.cell(column, row)))
    }

    fn cell(&self, column: usize, row: usize) -> &str {
        self.columns[column].get(row).unwrap_or_default()
    }

    /// The row of `rejected.csv` for a row of this table.
    pub(crate) fn rejected(&self, row: usize, reason: Reason, detail: String) -> SetAside {
        let exam_id = self.cell(self.exam_id, row).to_owned();
        let trace_file = self.cell(self.trace_file, row).to_owned();
        (
            row,
            Rejected {
                exam_id,
                trace_file,
                reason,
                detail,
            },
        )
    }

    /// The error that ends the stage for a row that has no tracing.
    pub(crate) fn failure(&self, raw: &Path, idx: usize, row: &Rejected) -> Error {
        let (line, detail) = (self.line(idx), &row.detail);
        let detail = detail.strip_prefix(&format!("line {line}, ")).unwrap_or(detail);
        Error::BadInput {
            path: raw.join(dataset::EXAMS_FILE),
            what: format!("line {line}, exam {}: {detail}", row.exam_id),
            help: Some(crate::policy::advice(row.reason)),
        }
    }

    /// Finds the tracing of every exam.
    pub(crate) fn locate(&self, catalog: &Catalog) -> Located {
        let mut first: HashMap<i64, usize> = HashMap::with_capacity(self.rows);
        let (mut jobs, mut rejected) = (Vec::with_capacity(self.rows), Vec::new());
        for idx in 0..self.rows {
            match self.locate_one(idx, catalog, &mut first) {
                Ok(job) => jobs.push(job),
                Err((reason, detail)) => rejected.push(self.rejected(idx, reason, detail)),
            }
        }
        jobs.sort_by_key(|j| (j.place, j.idx));
        let unlisted = catalog.exams().filter(|id| !first.contains_key(id)).count();
        Located {
            jobs,
            rejected,
            unlisted,
        }
    }

    fn locate_one(
        &self,
        idx: usize,
        catalog: &Catalog,
        first: &mut HashMap<i64, usize>,
    ) -> std::result::Result<Job, (Reason, String)> {
        let text = self.cell(self.exam_id, idx);
        let exam_id = integer(text).filter(|id| *id > 0).ok_or_else(|| {
            (
                Reason::BadRow,
                format!(
                    "line {}, column `{EXAM_ID}`: `{}` is not a positive integer",
                    self.line(idx),
                    text.escape_debug()
                ),
            )
        })?;
        if let Some(earlier) = first.insert(exam_id, idx) {
            // Whatever becomes of the first row, a later one never takes its place.
            first.insert(exam_id, earlier);
            return Err((
                Reason::DuplicateExam,
                format!(
                    "line {} names the exam of line {} again",
                    self.line(idx),
                    self.line(earlier)
                ),
            ));
        }
        for (column, cells) in &self.checks {
            let value = self.cell(*column, idx);
            if !cells.accept(value) {
                let name = &self.header[*column];
                // Messages and logs name no patient.
                let shown = if name == PATIENT_ID {
                    "a value that".to_owned()
                } else {
                    format!("`{}`", value.escape_debug())
                };
                let (line, wanted) = (self.line(idx), cells.wanted());
                let detail = format!("line {line}, column `{name}`: {shown} is not {wanted}");
                return Err((Reason::BadRow, detail));
            }
        }
        let named = self.cell(self.trace_file, idx).trim();
        let place = catalog.find(exam_id, if is_missing(named) { "" } else { named })?;
        Ok(Job { idx, exam_id, place })
    }
}

/// Whether there is something; an error where the system does not let us look.
fn is_there(at: &Path) -> Result<bool> {
    Ok(exists(at).map_err(ArtifactError::io("look for", at))?)
}

/// How a column is written.
#[derive(Clone, Copy)]
enum Form {
    /// As it stands in the table.
    AsIs,
    /// Without blanks around it.
    Trimmed,
    /// The one text of its value.
    Canonical(Cells),
}

impl Form {
    fn of(column: &str) -> Self {
        if column == EXAM_ID {
            return Self::Canonical(Cells::Integer);
        }
        if column == TRACE_FILE {
            return Self::Trimmed;
        }
        let known = dataset::COLUMNS.iter().find(|(name, _)| *name == column);
        known.map_or(Self::AsIs, |(_, cells)| Self::Canonical(*cells))
    }

    fn cell(self, text: &str) -> Cell<'_> {
        match self {
            Self::AsIs => Cell::Text(text),
            Self::Trimmed => Cell::Text(text.trim()),
            Self::Canonical(cells) => cells.canonical(text),
        }
    }
}

/// Where the table of the directory `raw` is.
fn table_in(raw: &Path) -> Result<PathBuf> {
    let path = raw.join(dataset::EXAMS_FILE);
    let missing = |at: &Path, what: &str| Error::BadInput {
        // A message says where was looked.
        path: std::path::absolute(at).unwrap_or_else(|_| at.to_owned()),
        what: what.to_owned(),
        help: Some(dataset::HOW_TO_GET.to_owned()),
    };
    for (at, what) in [
        (raw, "there is no such directory of raw data"),
        (&path, "there is no table of exams"),
    ] {
        if !is_there(at)? {
            return Err(missing(at, what));
        }
        if at == raw && !raw.is_dir() {
            return Err(missing(
                raw,
                "is a file; `raw` is the directory that holds exams.csv and the parts",
            ));
        }
    }
    Ok(path)
}

/// The columns of the table in the directory `raw`, by its header alone.
pub(crate) fn columns(raw: &Path) -> Result<Vec<String>> {
    let path = table_in(raw)?;
    let header: Vec<String> = table::header(&path)?
        .iter()
        .map(|name| name.trim().to_owned())
        .collect();
    check_header(&path, &header)?;
    Ok(header)
}

fn check_header(path: &Path, header: &[String]) -> Result<()> {
    let bad = |what: String, help: &str| Error::BadInput {
        path: path.to_owned(),
        what,
        help: Some(help.to_owned()),
    };
    if let Some(missing) = [EXAM_ID, TRACE_FILE]
        .into_iter()
        .find(|c| !header.iter().any(|h| h == c))
    {
        let what = format!("no column `{missing}`; it has {}", header.join(", "));
        let one = (header.len() == 1).then(|| header.first()).flatten();
        let help = match one.and_then(|h| h.chars().find(|c| [';', '\t', '|'].contains(c))) {
            Some(_) => "the columns are to be separated by commas",
            None => "give the exams.csv of CODE-15%, or a table with its columns",
        };
        return Err(bad(what, help));
    }
    let twice = header
        .iter()
        .enumerate()
        .find(|(at, name)| header[..*at].contains(name));
    if let Some((_, name)) = twice {
        let what = format!("two columns are called `{name}`, but for blanks around the name");
        return Err(bad(what, "rename one of them or take it out"));
    }
    let taken = |h: &&String| *h == IDX || records::ADDED.contains(&h.as_str()) || is_statistic(h);
    if let Some(clash) = header.iter().find(taken) {
        let what = format!("column `{clash}` has a name that the stage gives to a column of its own");
        return Err(bad(
            what,
            "give the raw table, not one that was processed, or rename the column",
        ));
    }
    Ok(())
}

/// Whether it is `mean_3`, `std_11` or the like.
fn is_statistic(name: &str) -> bool {
    let number = name.strip_prefix("mean_").or_else(|| name.strip_prefix("std_"));
    number.is_some_and(|n| n.parse::<u8>().is_ok())
}
