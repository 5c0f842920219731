//! Where the samples of segments are: one array file for many (`packed`), or one `.mat` file each (`mat`).
//!
//! A packed store is a directory of `part-00000.npy`, float32 (segments, leads, samples), and `index.csv` with
//! segment, part, row. A part holds at most [`ROWS_PER_PART`] segments.

use crate::columns::{PART, ROW, SEGMENT};
use crate::error::{Error, Result};
use crate::formats::{mat5, npy};
use crate::key;
use crate::pandas::{Cell, RowWriter};
use crate::table::{self, Column, Kind, Others};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The keys of a packed store.
pub const INDEX_FILE: &str = "index.csv";
/// Directory of the packed store inside the signals directory.
pub const PACKED_DIR: &str = "segments";
/// Directory of the segments of a `mat` store inside the signals directory.
pub const MAT_DIR: &str = "segmented";
/// Segments in one part file: 246 MB of twelve leads by 2,500 samples.
pub const ROWS_PER_PART: usize = 2048;

fn part_file(part: usize) -> String {
    format!("part-{part:05}.npy")
}

/// Writes a packed store, segment by segment.
pub struct PackedWriter {
    dir: PathBuf,
    shape: (usize, usize),
    current: Option<npy::NpyWriter>,
    rows: Vec<String>,
}

impl PackedWriter {
    /// Starts a store of segments of `leads` by `samples` in the existing directory `dir`.
    pub fn new(dir: &Path, leads: usize, samples: usize) -> Self {
        Self {
            dir: dir.to_owned(),
            shape: (leads, samples),
            current: None,
            rows: Vec::new(),
        }
    }

    /// Appends a segment: `data` is lead-major, `leads * samples` long.
    ///
    /// # Errors
    /// I/O, or `data` of another length.
    pub fn push(&mut self, segment: &str, data: &[f32]) -> Result<()> {
        if self.rows.len().is_multiple_of(ROWS_PER_PART) {
            self.close_part()?;
            let path = self.dir.join(part_file(self.rows.len() / ROWS_PER_PART));
            self.current = Some(npy::NpyWriter::create(
                &path,
                npy::Dtype::F32,
                &[self.shape.0, self.shape.1],
            )?);
        }
        if let Some(writer) = &mut self.current {
            writer.write_f32(data)?;
        }
        self.rows.push(segment.to_owned());
        Ok(())
    }

    /// Completes the store.
    ///
    /// # Errors
    /// I/O.
    pub fn finish(mut self) -> Result<()> {
        self.close_part()?;
        let path = self.dir.join(INDEX_FILE);
        crate::atomic::write(&path, |out| {
            let written: std::io::Result<()> = (|| {
                let mut w = RowWriter::new(out, [SEGMENT, PART, ROW])?;
                for (i, segment) in self.rows.iter().enumerate() {
                    let (part, row) = (i / ROWS_PER_PART, i % ROWS_PER_PART);
                    w.row([Cell::Text(segment), Cell::Int(part as i64), Cell::Int(row as i64)])?;
                }
                w.finish().map(drop)
            })();
            written.map_err(Error::io("write", &path))
        })
    }

    fn close_part(&mut self) -> Result<()> {
        if let Some(writer) = self.current.take() {
            writer.finish()?;
        }
        Ok(())
    }
}

/// Reads segments by path, from any number of threads.
pub struct SegmentReader {
    root: PathBuf,
    kind: Store,
}

enum Store {
    Packed {
        parts: Vec<npy::NpyReader>,
        rows: HashMap<String, (usize, usize)>,
    },
    Mat,
}

impl SegmentReader {
    /// Opens the store at `root`: packed if it has an index, else a directory of `.mat` files.
    ///
    /// # Errors
    /// The directory, the index or a part cannot be read, or the index points outside the parts.
    pub fn open(root: &Path) -> Result<Self> {
        if !root.is_dir() {
            return Err(Error::invalid(
                root,
                "no such segment store; run the signals stage, or correct the manifest's first line",
            ));
        }
        let index = root.join(INDEX_FILE);
        let kind = if index.is_file() {
            open_packed(root, &index)?
        } else {
            Store::Mat
        };
        Ok(Self {
            root: root.to_owned(),
            kind,
        })
    }

    /// (leads, samples) of the segment at `path`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn shape(&self, path: &str) -> Result<(usize, usize)> {
        match &self.kind {
            Store::Packed { parts, rows } => {
                let (part, _) = self.locate(rows, path)?;
                let shape = &parts[part].header().shape;
                Ok((shape[1], shape[2]))
            }
            Store::Mat => self.read_mat(path).map(|(leads, samples, _)| (leads, samples)),
        }
    }

    /// Reads the segment at `path`, lead-major, as float32.
    ///
    /// # Errors
    /// There is no such segment, its size is not `out`'s, or it cannot be read.
    pub fn read(&self, path: &str, out: &mut [f32]) -> Result<()> {
        match &self.kind {
            Store::Packed { parts, rows } => {
                let (part, row) = self.locate(rows, path)?;
                let shape = &parts[part].header().shape;
                self.fits(path, shape[1] * shape[2], out.len())?;
                Ok(parts[part].read_rows(row, 1, out)?)
            }
            Store::Mat => {
                let (leads, samples, feats) = self.read_mat(path)?;
                self.fits(path, leads * samples, out.len())?;
                for (lead, row) in out.chunks_exact_mut(samples).enumerate() {
                    for (t, v) in row.iter_mut().enumerate() {
                        *v = feats[t * leads + lead] as f32;
                    }
                }
                Ok(())
            }
        }
    }

    fn fits(&self, path: &str, found: usize, wanted: usize) -> Result<()> {
        if found == wanted {
            return Ok(());
        }
        let what = format!(
            "segment `{path}` has {found} values where the first one had {wanted}; all must be of one shape"
        );
        Err(Error::invalid(&self.root, what))
    }

    fn locate(&self, rows: &HashMap<String, (usize, usize)>, path: &str) -> Result<(usize, usize)> {
        rows.get(key::of_path(path)).copied().ok_or_else(|| {
            Error::invalid(
                &self.root,
                format!("the store has no segment `{}`", key::of_path(path)),
            )
        })
    }

    fn read_mat(&self, path: &str) -> Result<(usize, usize, Vec<f64>)> {
        let ((leads, samples), feats) = mat5::MatFile::read(&self.root.join(path))?.f64_matrix("feats")?;
        Ok((leads, samples, feats))
    }
}

fn open_packed(root: &Path, index: &Path) -> Result<Store> {
    let columns = [
        Column::new(SEGMENT, Kind::Text),
        Column::new(PART, Kind::Int),
        Column::new(ROW, Kind::Int),
    ];
    let frame = table::read(index, &columns, Others::Ignore)?;
    let segments = table::str_column(index, &frame, SEGMENT)?;
    let part_column = table::int_column(index, &frame, PART)?;
    let row_column = table::int_column(index, &frame, ROW)?;
    let mut parts: Vec<npy::NpyReader> = Vec::new();
    let mut rows = HashMap::with_capacity(frame.height());
    for ((segment, part), row) in segments.iter().zip(part_column.iter()).zip(row_column.iter()) {
        let (part, row) = (part.unwrap_or(-1), row.unwrap_or(-1));
        // Parts are numbered from 0 without a gap, so a new number is the next one.
        if part >= 0 && part as usize == parts.len() {
            parts.push(open_part(&root.join(part_file(part as usize)))?);
        }
        let known = usize::try_from(part)
            .ok()
            .and_then(|p| parts.get(p).map(|r| (p, r.header().shape[0])));
        match (known, usize::try_from(row)) {
            (Some((part, height)), Ok(row)) if row < height => {
                rows.insert(segment.unwrap_or_default().to_owned(), (part, row));
            }
            _ => {
                let what = format!(
                    "segment `{}`: there is no row {row} in part {part}",
                    segment.unwrap_or_default()
                );
                return Err(Error::invalid(index, what));
            }
        }
    }
    Ok(Store::Packed { parts, rows })
}

fn open_part(path: &Path) -> Result<npy::NpyReader> {
    let reader = npy::NpyReader::open(path)?;
    if reader.header().shape.len() != 3 {
        let what = format!(
            "shape {:?}; a part has (segments, leads, samples)",
            reader.header().shape
        );
        return Err(Error::invalid(path, what));
    }
    Ok(reader)
}
