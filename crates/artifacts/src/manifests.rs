//! `<subset>.tsv` in fairseq's format, and `index.csv`, which gives every line of them its key.
//!
//! A manifest holds paths only. The index holds segment, idx, save_file and split for all subsets, so that whoever
//! reads a manifest can key its rows without guessing from file names. A manifest that somebody else made has no
//! index; then the keys come from the file names, and `idx` from the `.mat` files that it lists ([`Subset::find_idx`]).

use crate::columns::{IDX, SAVE_FILE, SEGMENT, SPLIT};
use crate::error::{Error, Result};
use crate::formats::manifest::Manifest;
use crate::key;
use crate::presence::is_file;
use crate::store::SegmentReader;
use crate::table::{self, Column, ColumnKind, DataFrame, OtherColumns};
use hashbrown::HashMap;
use polars::prelude::{Int64Chunked, IntoColumn, StringChunked};
use rayon::prelude::*;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// The keys of all manifests in a directory.
pub const INDEX_FILE: &str = "index.csv";

/// Columns of the index.
pub const INDEX_COLUMNS: [&str; 4] = [SEGMENT, IDX, SAVE_FILE, SPLIT];

/// Requirement of [`is_plain`], in words.
pub const PLAIN: &str = "letters, digits, `-`, `_` and `.`, not first";

/// Returns true for a subset's name that may become part of a file's name: it comes from a table or a parameter, and must not
/// lead to another directory.
///
/// ```
/// use ecgfm_artifacts::manifests::is_plain;
///
/// assert!(is_plain("test") && is_plain("fold-1.2"));
/// assert!(!is_plain("../test") && !is_plain(".hidden") && !is_plain("") && !is_plain("a/b"));
/// ```
pub fn is_plain(subset: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !subset.is_empty() && !subset.starts_with('.') && subset.bytes().all(allowed)
}

/// File name of the manifest of a subset.
pub fn file_name(subset: &str) -> String {
    format!("{subset}.tsv")
}

/// The key of a segment, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentKey {
    /// Key of the segment.
    pub segment: String,
    /// Row number of the exam in the raw table; none when the manifest came without an index.
    pub idx: Option<i64>,
    /// The recording's file name.
    pub save_file: String,
}

/// Line of a manifest with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRow {
    /// The key.
    pub key: SegmentKey,
    /// Path below the root.
    pub path: String,
    /// Samples per lead.
    pub samples: usize,
}

/// Manifest with the key of every line.
#[derive(Debug, Clone)]
pub struct Subset {
    /// Name of the subset, as in `test`.
    pub name: String,
    /// Directory that the paths are relative to.
    pub root: PathBuf,
    /// Lines of the manifest, in order.
    pub rows: Vec<ManifestRow>,
}

impl Subset {
    /// Takes the `idx` of the rows that have none from their own files in the store, and returns how many still have none.
    ///
    /// # Errors
    /// A file cannot be read, or its `idx` is no whole number.
    pub fn find_idx(&mut self, store: &SegmentReader) -> Result<usize> {
        let without = self.rows.par_iter_mut().filter(|row| row.key.idx.is_none());
        without
            .map(|row| {
                row.key.idx = store.idx(&row.path)?;
                Ok(usize::from(row.key.idx.is_none()))
            })
            .sum()
    }
}

/// Returns a sentence about `without` of `rows` segments that have no `idx`, and what to do.
pub fn note_without_idx(without: usize, rows: usize) -> String {
    format!(
        "{without} of {rows} segments have no idx, so that nothing can be joined to them: their manifest has no {INDEX_FILE} beside \
         it, and their files do not say it; make it with the stage `manifests`, or put {INDEX_FILE} (columns {}) beside it",
        INDEX_COLUMNS.join(", ")
    )
}

/// Reads `<dir>/<name>.tsv` and the keys beside it. A relative root is taken from `dir`.
///
/// # Errors
/// The manifest or its index cannot be read, a segment has no key, or is in more than one row.
pub fn read(dir: &Path, name: &str) -> Result<Subset> {
    check_plain(dir, name)?;
    if is_file(dir)? {
        return Err(file_for_directory(dir));
    }
    let path = dir.join(file_name(name));
    if !is_file(&path)? {
        return Err(Error::invalid(
            &path,
            format!(
                "no such manifest; {} holds {}",
                dir.display(),
                list_manifests(dir)
            ),
        ));
    }
    let (manifest, index) = rayon::join(
        || Manifest::read(&path),
        || ManifestIndex::read(&dir.join(INDEX_FILE)),
    );
    let (manifest, index) = (manifest?, index?);
    require_unique(&path, &manifest)?;
    let keys = index.as_ref().map(ManifestIndex::rows).transpose()?;
    let mut rows = Vec::with_capacity(manifest.entries.len());
    for (i, entry) in manifest.entries.into_iter().enumerate() {
        let segment = key::of_path(&entry.path);
        let key = match (&index, &keys) {
            (Some(index), Some(keys)) => match keys.get(segment) {
                Some(&row) => index.key(row)?,
                None => {
                    let line = i + 2;
                    let what = format!("line {line}: segment `{segment}` is not in {INDEX_FILE} beside it");
                    return Err(Error::invalid(&path, what));
                }
            },
            _ => key_from_name(segment.to_owned()),
        };
        rows.push(ManifestRow {
            key,
            path: entry.path,
            samples: entry.samples,
        });
    }
    Ok(Subset {
        name: name.to_owned(),
        root: dir.join(manifest.root),
        rows,
    })
}

/// The directory that the first line of `<dir>/<name>.tsv` names, without reading more; nothing where that cannot be read.
pub fn read_root(dir: &Path, name: &str) -> Option<PathBuf> {
    /// Longer lines name no directory.
    const LONGEST: u64 = 1 << 16;
    check_plain(dir, name).ok()?;
    let mut line = Vec::new();
    let file = std::fs::File::open(dir.join(file_name(name))).ok()?;
    BufReader::new(file.take(LONGEST))
        .read_until(b'\n', &mut line)
        .ok()?;
    let text = std::str::from_utf8(&line).ok()?.trim();
    (!text.contains('\t')).then(|| dir.join(text))
}

/// Returns the error for a manifest that was given in the place of its directory.
fn file_for_directory(path: &Path) -> Error {
    let place = path.parent().filter(|place| !place.as_os_str().is_empty());
    let subset = path.file_stem().unwrap_or_default().to_string_lossy();
    let place = place.unwrap_or(Path::new(".")).display();
    let what = "is a file; the directory that holds the manifests is wanted, as their index lies there too";
    Error::advised(
        path,
        what,
        format!("give `manifest: {place}` and `subset: {subset}`"),
    )
}

/// Refuses a subset that [`is_plain`] does.
///
/// # Errors
/// The name is not plain.
pub fn check_plain(path: &Path, subset: &str) -> Result<()> {
    match is_plain(subset) {
        true => Ok(()),
        false => Err(Error::invalid(
            path,
            format!("`{}` is no name of a subset: {PLAIN}", subset.escape_debug()),
        )),
    }
}

/// Refuses a manifest of which two lines are the same segment.
fn require_unique(path: &Path, manifest: &Manifest) -> Result<()> {
    let segments = || manifest.entries.iter().map(|entry| key::of_path(&entry.path));
    let Some(twice) = key::find_duplicate(segments) else {
        return Ok(());
    };
    let lines: Vec<String> = (2..)
        .zip(segments())
        .filter(|(_, segment)| *segment == twice)
        .map(|(line, _)| line.to_string())
        .take(2)
        .collect();
    let what = format!(
        "lines {} are both segment `{twice}`; a key must be unique",
        lines.join(" and ")
    );
    Err(Error::invalid(path, what))
}

fn key_from_name(segment: String) -> SegmentKey {
    let save_file = key::save_file(&segment).unwrap_or_else(|| format!("{segment}.mat"));
    SegmentKey {
        segment,
        idx: None,
        save_file,
    }
}

fn list_manifests(dir: &Path) -> String {
    let names = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.file_name());
    let mut names: Vec<String> = names
        .map(|n| n.to_string_lossy().into_owned())
        .filter(|n| n.ends_with(".tsv"))
        .collect();
    names.sort();
    if names.is_empty() {
        "no manifest".to_owned()
    } else {
        names.join(", ")
    }
}

/// `index.csv` as it was read.
struct ManifestIndex {
    path: PathBuf,
    frame: DataFrame,
}

impl ManifestIndex {
    /// Reads the index, if there is one.
    fn read(path: &Path) -> Result<Option<Self>> {
        if !is_file(path)? {
            return Ok(None);
        }
        let columns = [
            Column::new(SEGMENT, ColumnKind::Text),
            Column::new(IDX, ColumnKind::Int),
            Column::new(SAVE_FILE, ColumnKind::Text),
        ];
        Ok(Some(Self {
            frame: table::read(path, &columns, OtherColumns::Ignore)?,
            path: path.to_owned(),
        }))
    }

    /// The row of every segment.
    fn rows(&self) -> Result<HashMap<&str, usize>> {
        let segments = table::str_column(&self.path, &self.frame, SEGMENT)?;
        let mut rows = HashMap::with_capacity(segments.len());
        for (row, segment) in segments.iter().enumerate() {
            let segment = segment.unwrap_or_default();
            if rows.insert(segment, row).is_some() {
                let what = format!("segment `{segment}` is in more than one row");
                return Err(Error::invalid(&self.path, what));
            }
        }
        Ok(rows)
    }

    fn key(&self, row: usize) -> Result<SegmentKey> {
        let text = |name| -> Result<String> {
            let column = table::str_column(&self.path, &self.frame, name)?;
            Ok(column.get(row).unwrap_or_default().to_owned())
        };
        Ok(SegmentKey {
            segment: text(SEGMENT)?,
            idx: table::int_column(&self.path, &self.frame, IDX)?.get(row),
            save_file: text(SAVE_FILE)?,
        })
    }
}

/// Writes `index.csv` from (key, split) pairs.
///
/// # Errors
/// I/O.
pub fn write_index<'a>(path: &Path, rows: impl IntoIterator<Item = (&'a SegmentKey, &'a str)>) -> Result<()> {
    let rows: Vec<(&SegmentKey, &str)> = rows.into_iter().collect();
    let text = |of: fn(&(&'a SegmentKey, &'a str)) -> &'a str| rows.iter().map(of).collect::<StringChunked>();
    let columns = [
        text(|(key, _)| &key.segment).into_column(),
        rows.iter()
            .map(|(key, _)| key.idx)
            .collect::<Int64Chunked>()
            .into_column(),
        text(|(key, _)| &key.save_file).into_column(),
        text(|(_, split)| split).into_column(),
    ];
    let named = columns.into_iter().zip(INDEX_COLUMNS);
    let columns = named
        .map(|(column, name)| column.with_name(name.into()))
        .collect();
    write_index_table(path, &table::build_frame(path, columns)?)
}

/// Writes `index.csv`; `frame` has the columns [`INDEX_COLUMNS`].
///
/// # Errors
/// I/O.
pub fn write_index_table(path: &Path, frame: &DataFrame) -> Result<()> {
    table::write(path, frame)
}
