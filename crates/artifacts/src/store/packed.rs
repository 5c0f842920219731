//! Segments in a few array files. A part holds the segments of one run of exams, so that parts can be written at the
//! same time and in any order; a part without a segment does not exist.

use super::index::{INDEX_FILE, duplicate_segment};
use crate::columns::{PART, ROW, SEGMENT};
use crate::error::{Error, Result};
use crate::formats::file_sum::FileSum;
use crate::formats::npy::{BulkWriter, Flusher, NpyDtype, NpyReader};
use crate::key;
use crate::pandas::Cell;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use half::f16;
use half::slice::HalfFloatSliceExt;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Segments in one part of a [`PackedWriter`]'s: 246 MB of twelve leads by 2,500 samples.
const ROWS_PER_PART: usize = 2048;

/// Type in which samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleType {
    /// Float32, as they are.
    Float32,
    /// Float16: within 2^-11 of the value, relative. None is beyond its range once it is standardised: no value of `n`
    /// is further than the square root of `n` - 1 deviations from their mean.
    Float16,
}

impl SampleType {
    fn dtype(self) -> NpyDtype {
        match self {
            Self::Float32 => NpyDtype::F32,
            Self::Float16 => NpyDtype::F16,
        }
    }
}

/// Part being written.
pub struct PartFile<'a> {
    values: SampleType,
    writer: BulkWriter<'a>,
    row_len: usize,
    /// Segments on their way to float16.
    wide: Vec<f32>,
    largest_error: f32,
}

impl<'a> PartFile<'a> {
    /// Starts a part of segments of (leads, samples) at `path`.
    ///
    /// # Errors
    /// I/O.
    pub fn create(
        flusher: &'a Flusher,
        path: &Path,
        shape: (usize, usize),
        values: SampleType,
    ) -> Result<Self> {
        Ok(Self {
            values,
            writer: BulkWriter::create(flusher, path, values.dtype(), &[shape.0, shape.1])?,
            row_len: shape.0 * shape.1,
            wide: Vec::new(),
            largest_error: 0.0,
        })
    }

    /// Appends `count` segments, which `fill` writes one after another, each lead-major.
    ///
    /// # Errors
    /// Writing has failed before; the flusher says why.
    pub fn append(&mut self, count: usize, fill: impl FnOnce(&mut [f32])) -> Result<()> {
        match self.values {
            SampleType::Float32 => fill(self.writer.append::<f32>(count)?),
            SampleType::Float16 => {
                self.wide.resize(count * self.row_len, 0.0);
                fill(&mut self.wide);
                let narrow = self.writer.append::<f16>(count)?;
                narrow.convert_from_f32_slice(&self.wide);
                let error = largest_error(&self.wide, narrow);
                // NaN stays NaN, and is no error of the store's.
                self.largest_error = self.largest_error.max(error);
            }
        }
        Ok(())
    }

    /// Segments so far.
    pub fn rows(&self) -> usize {
        self.writer.rows()
    }

    /// The largest difference between a value and what is stored of it; 0 for float32.
    pub fn largest_error(&self) -> f32 {
        self.largest_error
    }

    /// Completes the part; `then` is called once it is written, with what the file is.
    ///
    /// # Errors
    /// Writing has failed before; the flusher says why.
    pub fn finish(self, then: impl FnOnce(FileSum) -> io::Result<()> + Send + 'static) -> Result<()> {
        Ok(self.writer.finish(then)?)
    }

    /// Path of part `number` in `dir`.
    pub fn path(dir: &Path, number: usize) -> PathBuf {
        dir.join(part_file(number))
    }
}

/// The largest difference between a value and what is stored of it. NaN is none.
fn largest_error(wide: &[f32], narrow: &[f16]) -> f32 {
    /// Values side by side: each waits for the largest before it, and so none for its neighbour.
    const LANES: usize = 16;
    // A few at a time, on the stack: memory that comes and goes with every exam leaves holes.
    let mut back = [0.0; 16 * LANES];
    let mut worst = [0.0f32; LANES];
    for (wide, narrow) in wide.chunks(back.len()).zip(narrow.chunks(back.len())) {
        let back = &mut back[..narrow.len()];
        narrow.convert_to_f32_slice(back);
        let (wide, wide_rest) = wide.as_chunks::<LANES>();
        let (back, back_rest) = back.as_chunks::<LANES>();
        for (wide, back) in wide.iter().zip(back) {
            worst = std::array::from_fn(|i| larger_error(worst[i], (wide[i] - back[i]).abs()));
        }
        for (a, b) in wide_rest.iter().zip(back_rest) {
            worst[0] = larger_error(worst[0], (a - b).abs());
        }
    }
    worst.into_iter().fold(0.0, larger_error)
}

#[inline(always)]
fn larger_error(known: f32, error: f32) -> f32 {
    if error > known { error } else { known }
}

/// File name of a part.
fn part_file(part: usize) -> String {
    format!("part-{part:05}.npy")
}

/// Writes the index of a packed store: segment, part, row.
///
/// # Errors
/// I/O.
pub fn write_packed_index<S: AsRef<str>>(
    dir: &Path,
    rows: impl IntoIterator<Item = (S, usize, usize)>,
) -> Result<()> {
    let path = dir.join(INDEX_FILE);
    table::write_rows(&path, [SEGMENT, PART, ROW], |w| {
        for (segment, part, row) in rows {
            w.row([
                Cell::Text(segment.as_ref()),
                Cell::Int(part as i64),
                Cell::Int(row as i64),
            ])?;
        }
        Ok(())
    })
}

/// Writes a packed store of float32, segment by segment, for who has them one after the other.
pub struct PackedWriter {
    dir: PathBuf,
    shape: (usize, usize),
    flusher: Flusher,
    rows: Vec<String>,
    /// Segments of the part that is being filled.
    current: Vec<f32>,
}

impl PackedWriter {
    /// Starts a store of segments of `leads` by `samples` in the existing directory `dir`.
    ///
    /// # Errors
    /// The operating system has no thread to give.
    pub fn new(dir: &Path, leads: usize, samples: usize) -> Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            shape: (leads, samples),
            flusher: Flusher::start().map_err(Error::io("write", dir))?,
            rows: Vec::new(),
            current: Vec::new(),
        })
    }

    /// Appends a segment: `data` is lead-major, `leads * samples` long.
    ///
    /// # Errors
    /// I/O, or `data` of another length.
    pub fn push(&mut self, segment: &str, data: &[f32]) -> Result<()> {
        let wanted = self.shape.0 * self.shape.1;
        if data.len() != wanted {
            let what = format!(
                "segment `{segment}` of {} values; the store's have {wanted}",
                data.len()
            );
            return Err(Error::invalid(&self.dir, what));
        }
        self.current.extend_from_slice(data);
        self.rows.push(segment.to_owned());
        if self.rows.len().is_multiple_of(ROWS_PER_PART) {
            self.write_part()?;
        }
        Ok(())
    }

    fn write_part(&mut self) -> Result<()> {
        let count = self.current.len() / (self.shape.0 * self.shape.1).max(1);
        if count == 0 {
            return Ok(());
        }
        let number = (self.rows.len() - 1) / ROWS_PER_PART;
        let path = PartFile::path(&self.dir, number);
        let mut part = PartFile::create(&self.flusher, &path, self.shape, SampleType::Float32)?;
        part.append(count, |room| room.copy_from_slice(&self.current))?;
        self.current.clear();
        part.finish(|_| Ok(()))
    }

    /// Completes the store.
    ///
    /// # Errors
    /// I/O.
    pub fn finish(mut self) -> Result<()> {
        self.write_part()?;
        self.flusher.finish()?;
        let places = self.rows.iter().enumerate();
        let places = places.map(|(i, segment)| (segment, i / ROWS_PER_PART, i % ROWS_PER_PART));
        write_packed_index(&self.dir, places)
    }
}

/// Location of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct PackedLocation {
    /// Position among the open parts.
    part: usize,
    row: usize,
}

/// A packed store, open.
pub(super) struct PackedReader {
    parts: Vec<NpyReader>,
    rows: HashMap<String, PackedLocation>,
}

impl PackedReader {
    pub(super) fn open(root: &Path, index: &Path) -> Result<Self> {
        let columns = [
            Column::new(SEGMENT, ColumnKind::Text),
            Column::new(PART, ColumnKind::Int),
            Column::new(ROW, ColumnKind::Int),
        ];
        let frame = table::read(index, &columns, OtherColumns::Ignore)?;
        let segments = table::str_column(index, &frame, SEGMENT)?;
        let part_column = table::int_column(index, &frame, PART)?;
        let row_column = table::int_column(index, &frame, ROW)?;
        let (mut parts, mut known) = (Vec::new(), HashMap::new());
        let mut rows = HashMap::with_capacity(frame.height());
        for ((segment, number), row) in segments.iter().zip(part_column.iter()).zip(row_column.iter()) {
            let segment = segment.unwrap_or_default();
            let place = usize::try_from(number.unwrap_or(-1))
                .ok()
                .zip(usize::try_from(row.unwrap_or(-1)).ok());
            let Some((number, row)) = place else {
                let what = format!("segment `{segment}`: part and row must be numbers from 0 on");
                return Err(Error::invalid(index, what));
            };
            let part = match known.get(&number) {
                Some(part) => *part,
                None => {
                    let path = root.join(part_file(number));
                    let part = open_part(&path)?;
                    require_same_shape(&path, &part, parts.first())?;
                    parts.push(part);
                    known.insert(number, parts.len() - 1);
                    parts.len() - 1
                }
            };
            if row >= parts[part].rows() {
                let what = format!("segment `{segment}`: there is no row {row} in part {number}");
                return Err(Error::invalid(index, what));
            }
            if rows
                .insert(segment.to_owned(), PackedLocation { part, row })
                .is_some()
            {
                return Err(duplicate_segment(index, segment));
            }
        }
        Ok(Self { parts, rows })
    }

    pub(super) fn locate(&self, path: &str) -> Option<PackedLocation> {
        self.rows.get(key::of_path(path)).copied()
    }

    /// (leads, samples).
    pub(super) fn shape(&self, place: PackedLocation) -> (usize, usize) {
        let shape = &self.parts[place.part].header().shape;
        (shape[1], shape[2])
    }

    pub(super) fn read(&self, place: PackedLocation, out: &mut [f32]) -> Result<()> {
        Ok(self.parts[place.part].read_rows(place.row, 1, out)?)
    }
}

/// Refuses a part whose segments have another shape than those of the first.
fn require_same_shape(path: &Path, part: &NpyReader, first: Option<&NpyReader>) -> Result<()> {
    let of = |part: &NpyReader| (part.header().shape[1], part.header().shape[2]);
    match first.map(of).filter(|first| *first != of(part)) {
        None => Ok(()),
        Some((leads, samples)) => {
            let found = of(part);
            let what = format!(
                "its segments have {} leads of {} samples where those of another part have {leads} of {samples}; all must \
                 be of one shape",
                found.0, found.1
            );
            Err(Error::invalid(path, what))
        }
    }
}

fn open_part(path: &Path) -> Result<NpyReader> {
    let reader = NpyReader::open(path)?;
    if reader.header().shape.len() != 3 {
        let what = format!(
            "shape {:?}; a part has (segments, leads, samples)",
            reader.header().shape
        );
        return Err(Error::invalid(path, what));
    }
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_largest_error_is_that_of_values_one_by_one(
            values in prop::collection::vec(prop_oneof![8 => -30.0f32..30.0, 1 => Just(f32::NAN)], 0..700)
        ) {
            let narrow: Vec<f16> = values.iter().map(|v| f16::from_f32(*v)).collect();
            let errors = values.iter().zip(&narrow).map(|(a, b)| (a - b.to_f32()).abs());
            let expected = errors.filter(|e| !e.is_nan()).fold(0.0, f32::max);
            prop_assert_eq!(largest_error(&values, &narrow).to_bits(), expected.to_bits());
        }
    }
}
