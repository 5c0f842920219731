//! `<subset>.tsv` in fairseq's format, and `index.csv`, which gives every line of them its key.
//!
//! A manifest holds paths only. The index holds segment, idx, save_file and split for all subsets, so that whoever
//! reads a manifest can key its rows without guessing from file names. A manifest that somebody else made has no
//! index; then the keys come from the file names and `idx` stays empty.

use crate::columns::{IDX, SAVE_FILE, SEGMENT, SPLIT};
use crate::error::{Error, Result};
use crate::formats::manifest::Manifest;
use crate::key;
use crate::pandas::{Cell, RowWriter};
use crate::table::{self, Column, Kind, Others};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The keys of all manifests in a directory.
pub const INDEX_FILE: &str = "index.csv";

/// File name of the manifest of a subset.
pub fn file(subset: &str) -> String {
    format!("{subset}.tsv")
}

/// The key of a segment, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Key of the segment.
    pub segment: String,
    /// Row number of the exam in the raw table; none when the manifest came without an index.
    pub idx: Option<i64>,
    /// The recording's file name.
    pub save_file: String,
}

/// One line of a manifest with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: Key,
    /// Path below the root.
    pub path: String,
    /// Samples per lead.
    pub samples: usize,
}

/// One manifest, keyed.
#[derive(Debug, Clone)]
pub struct Subset {
    /// Its name, as in `test`.
    pub name: String,
    /// Directory that the paths are relative to.
    pub root: PathBuf,
    /// Its lines in order.
    pub rows: Vec<Row>,
}

/// Reads `<dir>/<name>.tsv` and the keys beside it. A relative root is taken from `dir`.
///
/// # Errors
/// The manifest or its index cannot be read, a segment has no key, or one stands there twice.
pub fn read(dir: &Path, name: &str) -> Result<Subset> {
    let path = dir.join(file(name));
    if !path.is_file() {
        return Err(Error::invalid(
            &path,
            format!("no such manifest; {} holds {}", dir.display(), listing(dir)),
        ));
    }
    let manifest = Manifest::read(&path)?;
    let index = read_index(&dir.join(INDEX_FILE))?;
    let mut seen = HashMap::with_capacity(manifest.entries.len());
    let mut rows = Vec::with_capacity(manifest.entries.len());
    for (i, entry) in manifest.entries.into_iter().enumerate() {
        let segment = key::of_path(&entry.path).to_owned();
        if let Some(first) = seen.insert(segment.clone(), i + 2) {
            let what = format!(
                "lines {first} and {} are both segment `{segment}`; a key must be unique",
                i + 2
            );
            return Err(Error::invalid(&path, what));
        }
        let key = match &index {
            Some(index) => index.get(&segment).cloned().ok_or_else(|| {
                let what = format!(
                    "line {}: segment `{segment}` is not in {INDEX_FILE} beside it",
                    i + 2
                );
                Error::invalid(&path, what)
            })?,
            None => keyed_by_name(segment),
        };
        rows.push(Row {
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

fn keyed_by_name(segment: String) -> Key {
    let save_file = key::save_file(&segment).unwrap_or_else(|| format!("{segment}.mat"));
    Key {
        segment,
        idx: None,
        save_file,
    }
}

fn listing(dir: &Path) -> String {
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

fn read_index(path: &Path) -> Result<Option<HashMap<String, Key>>> {
    if !path.is_file() {
        return Ok(None);
    }
    let columns = [
        Column::new(SEGMENT, Kind::Text),
        Column::new(IDX, Kind::Int),
        Column::new(SAVE_FILE, Kind::Text),
    ];
    let frame = table::read(path, &columns, Others::Ignore)?;
    let segments = table::str_column(path, &frame, SEGMENT)?;
    let idx = table::int_column(path, &frame, IDX)?;
    let save_files = table::str_column(path, &frame, SAVE_FILE)?;
    let mut keys = HashMap::with_capacity(frame.height());
    for ((segment, idx), save_file) in segments.iter().zip(idx.iter()).zip(save_files.iter()) {
        let segment = segment.unwrap_or_default().to_owned();
        let key = Key {
            segment: segment.clone(),
            idx,
            save_file: save_file.unwrap_or_default().to_owned(),
        };
        if keys.insert(segment.clone(), key).is_some() {
            return Err(Error::invalid(
                path,
                format!("segment `{segment}` stands there twice"),
            ));
        }
    }
    Ok(Some(keys))
}

/// Writes `index.csv` from (key, split) pairs.
///
/// # Errors
/// I/O.
pub fn write_index<'a>(path: &Path, rows: impl IntoIterator<Item = (&'a Key, &'a str)>) -> Result<()> {
    crate::atomic::write(path, |out| {
        let written: std::io::Result<()> = (|| {
            let mut w = RowWriter::new(out, [SEGMENT, IDX, SAVE_FILE, SPLIT])?;
            for (key, split) in rows {
                let idx = key.idx.map_or(Cell::Missing, Cell::Int);
                w.row([
                    Cell::Text(&key.segment),
                    idx,
                    Cell::Text(&key.save_file),
                    Cell::Text(split),
                ])?;
            }
            w.finish().map(drop)
        })();
        written.map_err(Error::io("write", path))
    })
}
