//! Exams that a table lists.

use super::comment_columns::CommentColumns;
use super::description::{DatasetDescription, JoinedTable};
use super::exam_columns::ExamColumns;
use super::found_exam::{FoundExam, FoundExams, directory_of};
use super::row_files::{ListedRows, RowFiles};
use super::row_rule::RowRule;
use super::text_table::{TextTable, missing_column};
use crate::archive::ArchiveFile;
use crate::error::{Error, Result};
use crate::table::TableColumn;
use ecgfm_artifacts::columns::{EXAM_ID, TRACE_FILE};
use ecgfm_artifacts::presence::{exists, is_dir};
use ecgfm_artifacts::records::normalize_key;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::table::{self, TextColumn};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Endings that the path of a recording may lack, in the order in which they are tried.
const ENDINGS: [&str; 4] = ["hea", "xml", "npy", "csv"];
/// Exams whose files are looked for at once.
const AT_ONCE: usize = 4096;

/// Path of the table of exams; of the directory where there is none.
pub(super) fn place(description: &DatasetDescription, raw: &Path) -> PathBuf {
    match description.table.as_deref() {
        None | Some(".") => raw.to_owned(),
        Some(table) => raw.join(table),
    }
}

/// Exams that a table lists.
pub(super) struct ListedExams {
    pub(super) exams: FoundExams,
    /// Their files, where these hold many recordings each and are open.
    pub(super) files: Option<Vec<ArchiveFile>>,
    /// Number of recordings of these files that are no exam's.
    pub(super) unlisted: usize,
}

/// Reads the tables of the archive at `raw`, and fills `columns`.
pub(super) fn exams(
    description: &DatasetDescription,
    raw: &Path,
    columns: &mut ExamColumns,
) -> Result<ListedExams> {
    let listed = TextTable::read(&place(description, raw))?;
    let directory = directory_of(description, raw);
    let rule = description.row_rule().ok().flatten();
    let ListedExams {
        exams: mut found,
        files,
        unlisted,
    } = match rule {
        Some(rule) => find_rows(description, directory, &listed, rule)?,
        None => find_files(description, directory, &listed)?,
    };
    columns.set_file(listed.file.clone());
    columns.add(EXAM_ID, TableColumn::Kept(found.ids.clone()));
    columns.add(TRACE_FILE, TableColumn::Kept(found.files.clone()));
    let comments = description
        .reads_comments()
        .then(|| CommentColumns::read(description, directory, &found));
    columns.add_patient(description, |name| {
        let stated = || comments.as_ref().and_then(|comments| comments.stated(name));
        listed.place(name).map(TableColumn::of_file).or_else(stated)
    });
    if let Some(comments) = comments {
        comments.add_to(columns);
    }
    let own = [&description.exam_id, &description.file].map(|name| name.as_deref().unwrap_or_default());
    for (place, name) in listed.names.iter().enumerate() {
        if !own.contains(&name.as_str()) {
            columns.add_raw(name, TableColumn::of_file(place));
        }
    }
    for join in &description.joins {
        add_joined(join, (&listed, &mut found), raw, columns)?;
    }
    Ok(ListedExams {
        exams: found,
        files,
        unlisted,
    })
}

/// Finds the file of every exam.
fn find_files(description: &DatasetDescription, directory: &Path, listed: &TextTable) -> Result<ListedExams> {
    let named = |name: &Option<String>| listed.required(name.as_deref().unwrap_or_default());
    let (ids, paths) = (named(&description.exam_id)?, named(&description.file)?);
    let mut exams = FoundExams::default();
    for from in (0..ids.len()).step_by(AT_ONCE) {
        let some = (from..ids.len().min(from + AT_ONCE)).into_par_iter();
        let some = some.map(|row| {
            let [id, path] = [&ids, &paths].map(|cells| cells.get(row).unwrap_or_default());
            find_exam(description, directory, id, path)
        });
        exams.extend(some.collect::<Vec<_>>());
    }
    Ok(ListedExams {
        exams,
        files: None,
        unlisted: 0,
    })
}

/// Finds the recording of every exam in files of many.
fn find_rows(
    description: &DatasetDescription,
    directory: &Path,
    listed: &TextTable,
    rule: RowRule<'_>,
) -> Result<ListedExams> {
    let required = |name: &str| -> Result<Vec<String>> {
        Ok(listed.required(name)?.iter().map(str::to_owned).collect())
    };
    let column = |name: Option<&str>| name.map(required).transpose();
    let ids = match column(description.exam_id.as_deref())? {
        Some(ids) => ids.iter().map(|id| normalize_key(id).to_owned()).collect(),
        None => (0..listed.rows()).map(|row| row.to_string()).collect(),
    };
    let paths = column(description.file.as_deref())?;
    let rows = match rule {
        RowRule::Column(name) => Some(required(name)?),
        RowRule::Id | RowRule::Position => None,
    };
    let names = match &paths {
        Some(paths) => named_files(description, directory, paths)?,
        None => description.list_row_files(directory)?,
    };
    let files = RowFiles::open(description, directory, names)?;
    let of_table = ListedRows {
        path: listed.path(),
        ids,
        files: paths.as_deref(),
        rows: rows.as_deref(),
    };
    let (exams, unlisted) = files.find(&rule, &of_table)?;
    Ok(ListedExams {
        exams,
        files: Some(files.into_files()),
        unlisted,
    })
}

/// Files that a column names and that are there, each once.
fn named_files(description: &DatasetDescription, directory: &Path, paths: &[String]) -> Result<Vec<String>> {
    let mut names: Vec<&str> = paths.iter().map(|path| path.trim()).collect();
    names.sort_unstable();
    names.dedup();
    let mut there = Vec::with_capacity(names.len());
    for name in names.into_iter().filter(|name| is_inside(description, name)) {
        let path = directory.join(name);
        if exists(&path)? && !is_dir(&path)? {
            there.push(name.to_owned());
        }
    }
    Ok(there)
}

/// Returns true for the path of a file that may be one of the archive.
fn is_inside(description: &DatasetDescription, path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let inside = |part| matches!(part, std::path::Component::Normal(_));
    !path.is_empty() && (description.table.as_deref() == Some(".") || parts.all(inside))
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
    for name in [&description.exam_id, &description.file, &description.row]
        .into_iter()
        .flatten()
    {
        if !known.contains(&name.as_str()) {
            return Err(missing_column(path, name, known));
        }
    }
    let mut columns = ExamColumns::default();
    columns.add(EXAM_ID, TableColumn::of_file(0));
    columns.add(TRACE_FILE, TableColumn::of_file(0));
    columns.add_patient(description, |name| {
        known.contains(&name).then(|| TableColumn::of_file(0))
    });
    let own = [&description.exam_id, &description.file].map(|name| name.as_deref().unwrap_or_default());
    for name in header.iter().filter(|name| !own.contains(name)) {
        columns.add_raw(name, TableColumn::of_file(0));
    }
    for join in &description.joins {
        for name in join.texts.keys().chain(&join.columns) {
            columns.add_raw(name, TableColumn::of_file(0));
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
    exam.rejection = if exam.id.is_empty() {
        Some((Reason::BadRow, "the row names no exam".to_owned()))
    } else if !is_inside(description, path) {
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
    if exists(&directory.join(path))? && !is_dir(&directory.join(path))? {
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

/// Joins a further table by its key, or by position where the description says so. Where rows of one key differ, which of them is meant is unknown: the exams
/// of that key are rejected.
fn add_joined(
    join: &JoinedTable,
    (listed, exams): (&TextTable, &mut FoundExams),
    raw: &Path,
    columns: &mut ExamColumns,
) -> Result<()> {
    let path = raw.join(&join.table);
    if join.optional && !exists(&path)? {
        return Ok(());
    }
    let further = TextTable::read(&path)?;
    if join.by_position {
        check_same_length(&further, listed.rows())?;
        let of_exam: Vec<Option<usize>> = (0..listed.rows()).map(Some).collect();
        return add_cells(join, &further, &of_exam, columns);
    }
    let keys = further.required(&join.key)?;
    let rows = RowsByKey::new(&further, &keys)?;
    let mut of_exam = Vec::with_capacity(exams.len());
    for (idx, key) in listed.required(&join.key)?.iter().enumerate() {
        let key = normalize_key(key);
        if let Some((first, second)) = rows.ambiguous.get(key) {
            let detail = format!(
                "rows {} and {} of {} have `{}` {key} and differ",
                first + 1,
                second + 1,
                join.table,
                join.key
            );
            exams.rejections.entry(idx).or_insert((Reason::BadRow, detail));
        }
        of_exam.push(rows.first.get(key).copied());
    }
    add_cells(join, &further, &of_exam, columns)
}

/// Checks that a table has as many rows as the one that it is joined to by position.
fn check_same_length(further: &TextTable, rows: usize) -> Result<()> {
    let found = further.rows();
    if found == rows {
        return Ok(());
    }
    Err(Error::BadInput {
        path: further.path().to_owned(),
        what: format!(
            "{found} rows, and the table of exams has {rows}: they belong together by their position"
        ),
        help: Some("give the tables as they were published together".to_owned()),
    })
}

/// Adds the cells of a further table, of the row `of_exam` for each exam.
fn add_cells(
    join: &JoinedTable,
    further: &TextTable,
    of_exam: &[Option<usize>],
    columns: &mut ExamColumns,
) -> Result<()> {
    fn cell(cells: &TextColumn, row: Option<usize>) -> &str {
        row.and_then(|row| cells.get(row)).unwrap_or_default()
    }
    for (name, parts) in &join.texts {
        let parts = parts.iter().map(|part| further.find(part));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let text = |row: &Option<usize>| {
            let texts = parts.iter().flatten().map(|cells| cell(cells, *row).trim());
            let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
            texts.join("; ")
        };
        columns.add_raw(name, of_exam.iter().map(text).collect());
    }
    for name in &join.columns {
        let cells = further.required(name)?;
        columns.add_raw(name, of_exam.iter().map(|row| cell(&cells, *row)).collect());
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
    fn new(table: &TextTable, keys: &'a TextColumn) -> Result<Self> {
        let (mut rows, mut repeated) = (HashMap::with_capacity(keys.len()), Vec::new());
        let keys = keys.iter().map(normalize_key).enumerate();
        for (row, key) in keys.filter(|(_, key)| !key.is_empty()) {
            let first = *rows.entry(key).or_insert(row);
            if first != row {
                repeated.push((key, first, row));
            }
        }
        let mut ambiguous = HashMap::new();
        // Looked at only where there is one: a table may be large.
        let width = if repeated.is_empty() { 0 } else { table.names.len() };
        for place in 0..width {
            let cells = table.file.column(place)?;
            for (key, first, row) in &repeated {
                if cells.get(*first) != cells.get(*row) {
                    let pair = ambiguous.entry(*key).or_insert((*first, *row));
                    *pair = (*pair).min((*first, *row));
                }
            }
        }
        Ok(Self {
            first: rows,
            ambiguous,
        })
    }
}
