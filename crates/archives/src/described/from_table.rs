//! Exams that a table lists.

use super::comment_columns::CommentColumns;
use super::description::{DatasetDescription, JoinedTable};
use super::exam_columns::ExamColumns;
use super::found_exam::{FoundExam, directory_of};
use crate::error::{Error, Result};
use ecgfm_artifacts::columns::{EXAM_ID, TRACE_FILE};
use ecgfm_artifacts::presence::exists;
use ecgfm_artifacts::records::normalize_key;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::table;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Endings that the path of a recording may lack, in the order in which they are tried.
const ENDINGS: [&str; 4] = ["hea", "xml", "npy", "csv"];

/// Columns of text, by name, in the order of the file.
struct TextTable {
    path: PathBuf,
    columns: Vec<(String, Vec<String>)>,
}

impl TextTable {
    fn read(path: &Path) -> Result<Self> {
        let frame = table::read_all_text(path)?;
        let column = |name: &str| -> Result<(String, Vec<String>)> {
            let cells = table::str_column(path, &frame, name)?.iter();
            let cells = cells.map(|cell| cell.unwrap_or_default().to_owned());
            Ok((name.trim().to_owned(), cells.collect()))
        };
        let names = frame.get_column_names();
        Ok(Self {
            path: path.to_owned(),
            columns: names
                .into_iter()
                .map(|name| column(name))
                .collect::<Result<_>>()?,
        })
    }

    fn find(&self, name: &str) -> Option<&Vec<String>> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found.map(|(_, cells)| cells)
    }

    fn required(&self, name: &str) -> Result<&Vec<String>> {
        self.find(name).ok_or_else(|| {
            let known: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
            missing_column(&self.path, name, &known)
        })
    }
}

fn missing_column(path: &Path, name: &str, known: &[&str]) -> Error {
    Error::BadInput {
        path: path.to_owned(),
        what: format!("no column `{name}`; it has {}", known.join(", ")),
        help: Some("give the archive's own table, or correct the description of the dataset".to_owned()),
    }
}

/// Path of the table of exams; of the directory where there is none.
pub(super) fn place(description: &DatasetDescription, raw: &Path) -> PathBuf {
    match description.table.as_deref() {
        None | Some(".") => raw.to_owned(),
        Some(table) => raw.join(table),
    }
}

/// Reads the tables of the archive at `raw`, and fills `columns`.
pub(super) fn exams(
    description: &DatasetDescription,
    raw: &Path,
    columns: &mut ExamColumns,
) -> Result<Vec<FoundExam>> {
    let listed = TextTable::read(&place(description, raw))?;
    let named = |name: &Option<String>| listed.required(name.as_deref().unwrap_or_default());
    let (ids, paths) = (named(&description.exam_id)?, named(&description.file)?);
    let directory = directory_of(description, raw);
    let mut found: Vec<FoundExam> = (ids.iter().zip(paths))
        .map(|(id, path)| find_exam(description, directory, id, path))
        .collect();
    columns.add(EXAM_ID, found.iter().map(|exam| exam.id.clone()).collect());
    columns.add(TRACE_FILE, found.iter().map(|exam| exam.file.clone()).collect());
    let comments = description
        .reads_comments()
        .then(|| CommentColumns::read(description, directory, &found));
    columns.add_patient(description, |name| {
        let stated = || comments.as_ref().and_then(|comments| comments.stated(name));
        listed.find(name).cloned().or_else(stated)
    });
    if let Some(comments) = comments {
        comments.add_to(columns);
    }
    let own = [&description.exam_id, &description.file].map(|name| name.as_deref().unwrap_or_default());
    for (name, cells) in &listed.columns {
        if !own.contains(&name.as_str()) {
            columns.add_raw(name, cells.clone());
        }
    }
    for join in &description.joins {
        add_joined(join, (&listed, &mut found), raw, columns)?;
    }
    Ok(found)
}

/// Names of the columns that [`exams`] fills, by the headers of the tables alone.
pub(super) fn column_names(description: &DatasetDescription, raw: &Path) -> Result<Vec<String>> {
    let path = place(description, raw);
    columns_of_header(description, &path, &table::read_header(&path)?)
}

/// Names of the columns that [`exams`] fills, where the table of exams, at `path`, has the columns `header`.
pub(super) fn columns_of_header(
    description: &DatasetDescription,
    path: &Path,
    header: &[String],
) -> Result<Vec<String>> {
    let header: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    let known = header.as_slice();
    for name in [&description.exam_id, &description.file].into_iter().flatten() {
        if !known.contains(&name.as_str()) {
            return Err(missing_column(path, name, known));
        }
    }
    let mut columns = ExamColumns::default();
    columns.add(EXAM_ID, Vec::new());
    columns.add(TRACE_FILE, Vec::new());
    columns.add_patient(description, |name| known.contains(&name).then(Vec::new));
    let own = [&description.exam_id, &description.file].map(|name| name.as_deref().unwrap_or_default());
    for name in header.iter().filter(|name| !own.contains(name)) {
        columns.add_raw(name, Vec::new());
    }
    for join in &description.joins {
        for name in join.texts.keys().chain(&join.columns) {
            columns.add_raw(name, Vec::new());
        }
    }
    Ok(columns.into_table(path, false)?.header().to_vec())
}

/// The exam of a row: its name, and its file if there is one of that name or of that name with an ending.
fn find_exam(description: &DatasetDescription, directory: &Path, id: &str, path: &str) -> FoundExam {
    let (id, path) = (normalize_key(id), path.trim());
    let mut exam = FoundExam {
        id: id.to_owned(),
        file: path.to_owned(),
        row: 0,
        rejection: None,
    };
    let is_path = description.exam_id == description.file;
    if is_path {
        let id = id.strip_prefix(&description.strip).unwrap_or(id);
        exam.id = without_ending(id).to_owned();
    }
    let inside = description.table.as_deref() == Some(".")
        || Path::new(path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
    exam.rejection = if exam.id.is_empty() {
        Some((Reason::BadRow, "the row names no exam".to_owned()))
    } else if path.is_empty() || !inside {
        let detail = format!("`{}` is no path inside the archive", path.escape_debug());
        Some((Reason::BadRow, detail))
    } else {
        match find_file(directory, path) {
            Ok(Some(file)) => {
                exam.file = file;
                None
            }
            Ok(None) => {
                let detail = format!("there is no file `{path}` in {}", directory.display());
                Some((Reason::MissingTracing, detail))
            }
            Err(error) => Some((Reason::UnreadableTracing, error.to_string())),
        }
    };
    exam
}

/// A path without the ending of a format that is read.
fn without_ending(path: &str) -> &str {
    let known = ENDINGS
        .iter()
        .find_map(|ending| path.strip_suffix(ending)?.strip_suffix('.'));
    known.unwrap_or(path)
}

/// The path of the file, with its ending.
fn find_file(directory: &Path, path: &str) -> Result<Option<String>> {
    if exists(&directory.join(path))? && !ecgfm_artifacts::presence::is_dir(&directory.join(path))? {
        return Ok(Some(path.to_owned()));
    }
    for ending in ENDINGS {
        let with_ending = format!("{path}.{ending}");
        if exists(&directory.join(&with_ending))? {
            return Ok(Some(with_ending));
        }
    }
    Ok(None)
}

/// Joins a further table by its key, never by position. Where rows of one key differ, which of them is meant is unknown: the exams
/// of that key are rejected.
fn add_joined(
    join: &JoinedTable,
    (listed, exams): (&TextTable, &mut [FoundExam]),
    raw: &Path,
    columns: &mut ExamColumns,
) -> Result<()> {
    let path = raw.join(&join.table);
    if join.optional && !exists(&path)? {
        return Ok(());
    }
    let further = TextTable::read(&path)?;
    let rows = RowsByKey::new(&further, further.required(&join.key)?);
    let mut of_exam = Vec::with_capacity(exams.len());
    for (exam, key) in exams.iter_mut().zip(listed.required(&join.key)?) {
        let key = normalize_key(key);
        if let Some((first, second)) = rows.ambiguous.get(key) {
            let detail = format!(
                "rows {} and {} of {} have `{}` {key} and differ",
                first + 1,
                second + 1,
                join.table,
                join.key
            );
            exam.rejection.get_or_insert((Reason::BadRow, detail));
        }
        of_exam.push(rows.first.get(key).copied());
    }
    let cell =
        |cells: &Vec<String>, row: Option<usize>| row.map_or_else(String::new, |row| cells[row].clone());
    for (name, parts) in &join.texts {
        let parts: Vec<&Vec<String>> = parts.iter().filter_map(|part| further.find(part)).collect();
        let text = |row: &Option<usize>| {
            let texts = parts.iter().map(|cells| cell(cells, *row).trim().to_owned());
            let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
            texts.join("; ")
        };
        columns.add_raw(name, of_exam.iter().map(text).collect());
    }
    for name in &join.columns {
        let cells = further.required(name)?;
        columns.add_raw(name, of_exam.iter().map(|row| cell(cells, *row)).collect());
    }
    Ok(())
}

/// Rows of a table by their keys; rows without a key are left out.
struct RowsByKey<'a> {
    first: HashMap<&'a str, usize>,
    /// The first two rows of a key that differ.
    ambiguous: HashMap<&'a str, (usize, usize)>,
}

impl<'a> RowsByKey<'a> {
    fn new(table: &TextTable, keys: &'a [String]) -> Self {
        let mut rows = Self {
            first: HashMap::with_capacity(keys.len()),
            ambiguous: HashMap::new(),
        };
        let keys = keys.iter().map(|key| normalize_key(key)).enumerate();
        for (row, key) in keys.filter(|(_, key)| !key.is_empty()) {
            let first = *rows.first.entry(key).or_insert(row);
            if table.columns.iter().any(|(_, cells)| cells[first] != cells[row]) {
                rows.ambiguous.entry(key).or_insert((first, row));
            }
        }
        rows
    }
}
