//! `outputs_<subset>.npy`, `outputs_<subset>_header.pkl`, `outputs_<subset>_index.csv`: outputs of the model.
//!
//! The array is a true `.npy`, float32 (segments, labels). The header is the pickled dictionary from which the
//! reference's memory-map reader opens the same file: shape, dtype, and the offset of the first value. The index
//! gives every row its key. Where a model has no logits, the index stands alone, for what it says beside them.

mod record;

pub use record::{GoldenComparison, InferenceRecord, PrecisionComparison, RECORD_FILE};

use crate::columns::{IDX, ROW, SAVE_FILE, SEGMENT};
use crate::error::{Error, Result};
use crate::formats::{npy, store};
use crate::manifests::SegmentKey;
use crate::pandas::Cell;
use crate::presence::exists;
use crate::store::SegmentReader;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use polars::prelude::{DataFrame, Int64Chunked, IntoColumn, StringChunked};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// File name of the array.
pub fn array_file(subset: &str) -> String {
    format!("outputs_{subset}.npy")
}

/// File name of the memory-map header.
pub fn header_file(subset: &str) -> String {
    format!("outputs_{subset}_header.pkl")
}

/// File name of the keys.
pub fn index_file(subset: &str) -> String {
    format!("outputs_{subset}_index.csv")
}

/// Writes logits row by row.
pub struct LogitsWriter {
    dir: PathBuf,
    subset: String,
    labels: usize,
    array: npy::NpyWriter,
    rows: usize,
}

impl LogitsWriter {
    /// Starts the files of `subset` in the existing directory `dir`.
    ///
    /// # Errors
    /// I/O.
    pub fn create(dir: &Path, subset: &str, labels: usize) -> Result<Self> {
        crate::manifests::check_plain(dir, subset)?;
        let array = npy::NpyWriter::create(&dir.join(array_file(subset)), npy::NpyDtype::F32, &[labels])?;
        Ok(Self {
            dir: dir.to_owned(),
            subset: subset.to_owned(),
            labels,
            array,
            rows: 0,
        })
    }

    /// Appends the logits of one or more segments.
    ///
    /// # Errors
    /// I/O, or a number of values that is no multiple of the labels.
    pub fn push(&mut self, logits: &[f32]) -> Result<()> {
        self.array.write_f32(logits)?;
        self.rows = self.array.rows();
        Ok(())
    }

    /// Completes the three files; `keys` are those of all rows, in their order.
    ///
    /// # Errors
    /// I/O, or another number of keys than rows.
    pub fn finish<'a>(self, keys: impl ExactSizeIterator<Item = &'a SegmentKey>) -> Result<()> {
        if keys.len() != self.rows {
            let what = format!("{} keys for {} rows of logits", keys.len(), self.rows);
            return Err(Error::invalid(&self.dir.join(index_file(&self.subset)), what));
        }
        let header = self.array.finish()?;
        let shape = vec![self.rows, self.labels];
        let memmap = store::StoreHeader {
            shape,
            dtype: "float32".to_owned(),
            offset: header.data_offset,
        };
        crate::atomic::write_bytes(&self.dir.join(header_file(&self.subset)), &memmap.to_pickle()?)?;
        write_index(&self.dir, &self.subset, keys)
    }
}

/// Writes the key of every row of `subset` in `dir`.
///
/// # Errors
/// I/O.
pub fn write_index<'a>(dir: &Path, subset: &str, keys: impl Iterator<Item = &'a SegmentKey>) -> Result<()> {
    let path = &dir.join(index_file(subset));
    table::write_rows(path, [ROW, SEGMENT, IDX, SAVE_FILE], |w| {
        for (row, key) in keys.enumerate() {
            let idx = key.idx.map_or(Cell::Missing, Cell::Int);
            w.row([
                Cell::Int(row as i64),
                Cell::Text(&key.segment),
                idx,
                Cell::Text(&key.save_file),
            ])?;
        }
        Ok(())
    })
}

/// Logits with their keys.
#[derive(Debug, Clone)]
pub struct Logits {
    /// The subset they were computed on.
    pub subset: String,
    /// Number of labels, the width of a row.
    pub labels: usize,
    /// Row-major (segments, labels).
    pub values: Vec<f32>,
    /// One row a segment, in the order of `values`: segment, idx, save_file.
    pub index: DataFrame,
}

impl Logits {
    /// Reads the files of `subset` in `dir`, with the keys of the index beside them.
    ///
    /// # Errors
    /// As [`LogitsFile::open`], and a value cannot be read.
    pub fn read(dir: &Path, subset: &str) -> Result<Self> {
        LogitsFile::open(dir, subset, None)?.read_all()
    }
}

/// Logits in their file, with their keys: there may be more values than there is memory.
#[derive(Debug)]
pub struct LogitsFile {
    /// The subset they were computed on.
    pub subset: String,
    /// Number of labels, the width of a row.
    pub labels: usize,
    /// One row a segment, in the order of the values: segment, idx, save_file.
    pub index: DataFrame,
    array: npy::NpyReader,
}

impl LogitsFile {
    /// Opens the files of `subset` in `dir`. Logits that have no index beside them, as the reference writes them, get their keys from
    /// the manifest that they were computed from: row n is its line n + 1.
    ///
    /// # Errors
    /// A file cannot be read, the array is not two-dimensional, or index and array differ in length; those of
    /// [`ManifestRows::keys`]; there is an index or a manifest too many or none at all.
    pub fn open(dir: &Path, subset: &str, manifest: Option<ManifestRows<'_>>) -> Result<Self> {
        crate::manifests::check_plain(dir, subset)?;
        let array = dir.join(array_file(subset));
        if !exists(&array)? && exists(&dir.join(index_file(subset)))? {
            let what = "no logits: the model that ran is an encoder without a head, or they were removed";
            return Err(Error::invalid(&array, what));
        }
        let reader = open_array(&array, &dir.join(header_file(subset)))?;
        let &[rows, labels] = reader.header().shape.as_slice() else {
            let what = format!("shape {:?}; logits are (segments, labels)", reader.header().shape);
            return Err(Error::invalid(&array, what));
        };
        let path = dir.join(index_file(subset));
        let index = match (manifest, exists(&path)?) {
            (None, true) => read_index(&path),
            (None, false) => Err(missing_index(&path, subset)),
            (Some(_), true) => Err(Error::advised(
                &path,
                "the keys of the logits are here, and `manifest` would give them again",
                "leave `manifest` out",
            )),
            (Some(manifest), false) => manifest.keys(subset),
        }?;
        if index.height() != rows {
            let what = format!("{} keys for {rows} rows of {}", index.height(), array.display());
            let keys = manifest.map_or(path, |manifest| {
                manifest.dir.join(crate::manifests::file_name(subset))
            });
            return Err(Error::invalid(&keys, what));
        }
        Ok(Self {
            subset: subset.to_owned(),
            labels,
            index,
            array: reader,
        })
    }

    /// Number of segments.
    pub fn rows(&self) -> usize {
        self.array.rows()
    }

    /// Reads the logits of some segments, row by row.
    ///
    /// # Errors
    /// I/O, or rows past the end.
    pub fn read_rows(&self, rows: Range<usize>) -> Result<Vec<f32>> {
        let mut values = vec![0.0; rows.len() * self.labels];
        self.array.read_rows(rows.start, rows.len(), &mut values)?;
        Ok(values)
    }

    /// Reads the logits of all segments.
    ///
    /// # Errors
    /// I/O.
    pub fn read_all(self) -> Result<Logits> {
        Ok(Logits {
            values: self.read_rows(0..self.rows())?,
            subset: self.subset,
            labels: self.labels,
            index: self.index,
        })
    }
}

/// Opens an array with its own header or, where it has none, as the reference writes its outputs, with the memory-map
/// header beside it.
///
/// # Errors
/// A file cannot be read, there is neither header, or the array is not as long as its header says.
pub fn open_array(array: &Path, header: &Path) -> Result<npy::NpyReader> {
    if npy::has_header(array).map_err(Error::io("read", array))? {
        return Ok(npy::NpyReader::open(array)?);
    }
    if !exists(header)? {
        let name = header.file_name().unwrap_or_default().to_string_lossy();
        let what = format!("no header in it, as numpy.save writes one, and no `{name}` beside it");
        let help = format!(
            "copy `{name}` too: the reference's inference writes it, and it says what the values are"
        );
        return Err(Error::advised(array, what, help));
    }
    let said = store::StoreHeader::read(header)?;
    let dtype = npy::NpyDtype::from_name(&said.dtype)
        .ok_or_else(|| Error::invalid(header, format!("values of type `{}` are not read", said.dtype)))?;
    let known = npy::NpyHeader {
        dtype,
        shape: said.shape,
        fortran_order: false,
    };
    Ok(npy::NpyReader::open_headerless(array, known, said.offset)?)
}

/// A manifest whose lines are the rows of logits.
#[derive(Debug, Clone, Copy)]
pub struct ManifestRows<'a> {
    /// Directory of the manifest.
    pub dir: &'a Path,
    /// Directory of its segments; none for the one that its first line names.
    pub segments: Option<&'a Path>,
}

impl ManifestRows<'_> {
    /// Segment, idx and save_file of every line of a subset's manifest. Without an index beside it, `idx` is what the
    /// segments' own files say.
    ///
    /// # Errors
    /// The manifest cannot be read, or the files that say `idx` cannot.
    pub fn keys(&self, subset: &str) -> Result<DataFrame> {
        let mut subset = crate::manifests::read(self.dir, subset)?;
        if subset.rows.iter().any(|row| row.key.idx.is_none()) {
            let store = SegmentReader::open(self.segments.unwrap_or(&subset.root))?;
            subset.find_idx(&store)?;
        }
        let text = |of: fn(&SegmentKey) -> &str| -> StringChunked {
            subset.rows.iter().map(|row| of(&row.key)).collect()
        };
        let columns = [
            (SEGMENT, text(|key| &key.segment).into_column()),
            (
                IDX,
                subset
                    .rows
                    .iter()
                    .map(|row| row.key.idx)
                    .collect::<Int64Chunked>()
                    .into_column(),
            ),
            (SAVE_FILE, text(|key| &key.save_file).into_column()),
        ];
        let named = columns
            .into_iter()
            .map(|(name, column)| column.with_name(name.into()));
        table::build_frame(self.dir, named.collect())
    }
}

/// Returns the error for logits without keys.
fn missing_index(index: &Path, subset: &str) -> Error {
    let what = "no such file: which segment is each row of the logits? Their order alone is no key";
    let help = format!(
        "logits of the reference's own inference have no index: set `manifest` to the directory of the `{subset}.tsv` that they \
         were computed from; its line n + 1 is then row n"
    );
    Error::advised(index, what, help)
}

fn read_index(path: &Path) -> Result<DataFrame> {
    let columns = [
        Column::new(ROW, ColumnKind::Int),
        Column::new(SEGMENT, ColumnKind::Text),
        Column::optional(IDX, ColumnKind::Int),
        Column::new(SAVE_FILE, ColumnKind::Text),
    ];
    let frame = table::read(path, &columns, OtherColumns::Ignore)?;
    let in_order = table::int_column(path, &frame, ROW)?
        .iter()
        .enumerate()
        .all(|(i, row)| row == Some(i as i64));
    if !in_order {
        return Err(Error::invalid(
            path,
            "column `row` must count 0, 1, 2, …: it says which row of the array a key is for",
        ));
    }
    Ok(frame.drop(ROW).unwrap_or(frame))
}

#[cfg(test)]
mod tests;
