//! Writing parts, row by row.

use super::library::library_error;
use super::{EXAM_ID, TRACINGS};
use crate::error::{Error, Result};
use hdf5::dataset::{AllocTime, FillTime};
use hdf5::{Dataset, DatasetBuilder, File as Hdf5File};
use ndarray::{ArrayView3, s};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Shape and storage of a part to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Storage of the recordings.
    pub layout: WriteLayout,
    /// Number of rows, the closing dummy row included.
    pub rows: usize,
    /// Samples of one lead; 4096 in CODE-15%.
    pub samples: usize,
    /// Number of leads; 12 in CODE-15%.
    pub leads: usize,
}

/// Storage of the recordings in a part to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteLayout {
    /// Rows one after another, as in the release.
    Contiguous,
    /// In blocks of whole rows.
    Chunked {
        /// Rows of a block.
        rows: usize,
        /// Level of zlib, 1 to 9; 0 for no compression.
        gzip_level: u8,
        /// True if bytes are reordered before compression, which makes the file smaller.
        shuffle: bool,
    },
}

/// Writes a part row by row, in bounded memory. The same rows make the same bytes: the file holds no date.
#[derive(Debug)]
pub struct PartWriter {
    path: PathBuf,
    options: WriteOptions,
    /// Number of each row's exam; none where the row is not written yet.
    exam_ids: Vec<Option<i64>>,
    sink: TracingsSink,
}

#[derive(Debug)]
enum TracingsSink {
    /// Rows are written to the file directly, at the places that HDF5 has allocated.
    Direct {
        file: File,
        exam_id_at: u64,
        tracings_at: u64,
    },
    /// Blocks are written by the library, which compresses them.
    Blocks {
        file: Hdf5File,
        exam_id: Dataset,
        tracings: Dataset,
        pending: Vec<f32>,
    },
}

impl PartWriter {
    /// Creates the file, or replaces an existing one.
    ///
    /// # Errors
    /// I/O, an extent of 0, or a level of compression above 9.
    pub fn create(path: &Path, options: WriteOptions) -> Result<Self> {
        check_options(path, &options)?;
        let failed = |e: hdf5::Error| library_error(path, &e, "layout");
        let file = Hdf5File::with_options()
            .with_fapl(|p| p.file_locking(false))
            .with_fcpl(|p| p.obj_track_times(false)) // or the root group is dated
            .create(path)
            .map_err(failed)?;
        let exam_id = contiguous_layout(file.new_dataset_builder())
            .empty::<i64>()
            .shape(options.rows)
            .create(EXAM_ID);
        let exam_id = exam_id.map_err(failed)?;
        let tracings = create_tracings(&file, &options).map_err(failed)?;
        let sink = match options.layout {
            WriteLayout::Contiguous => reopen_for_direct_writing(path, file, exam_id, tracings)?,
            WriteLayout::Chunked { .. } => TracingsSink::Blocks {
                file,
                exam_id,
                tracings,
                pending: Vec::new(),
            },
        };
        Ok(Self {
            path: path.to_owned(),
            options,
            exam_ids: vec![None; options.rows],
            sink,
        })
    }

    /// Writes row `row`: the exam's number, and its (samples, leads) values in row-major order. Contiguous rows can
    /// be written in any order, rows of blocks in ascending order only.
    ///
    /// # Errors
    /// I/O, a row that does not exist, was written before or is out of order, or a `tracing` of another length.
    pub fn write_row(&mut self, row: usize, exam_id: i64, tracing: &[f32]) -> Result<()> {
        let WriteOptions { samples, leads, .. } = self.options;
        let free = self.exam_ids.get(row).is_some_and(Option::is_none);
        let in_order = matches!(self.sink, TracingsSink::Direct { .. })
            || row == 0
            || self.exam_ids.get(row - 1).is_some_and(Option::is_some);
        if !free || !in_order || tracing.len() != samples * leads {
            let what = format!(
                "row {row} of {} values does not fit: there are {} rows of {}, each is written once, blocks in order",
                tracing.len(),
                self.options.rows,
                samples * leads
            );
            return Err(Error::request(&self.path, what));
        }
        match &mut self.sink {
            TracingsSink::Direct {
                file, tracings_at, ..
            } => {
                let at = *tracings_at + (row * size_of_val(tracing)) as u64;
                file.write_all_at(bytemuck::cast_slice(tracing), at)
                    .map_err(Error::io("write", &self.path))?;
            }
            TracingsSink::Blocks {
                tracings, pending, ..
            } => {
                pending.extend_from_slice(tracing);
                write_block(&self.path, tracings, pending, row, &self.options)?;
            }
        }
        self.exam_ids[row] = Some(exam_id);
        Ok(())
    }

    /// Writes the numbers of the exams and closes the file.
    ///
    /// # Errors
    /// I/O, or a row that was not written.
    pub fn finish(self) -> Result<()> {
        let ids: Vec<i64> = self.exam_ids.iter().map_while(|id| *id).collect();
        if ids.len() < self.exam_ids.len() {
            return Err(Error::request(
                &self.path,
                format!("row {} was never written", ids.len()),
            ));
        }
        match self.sink {
            TracingsSink::Direct { file, exam_id_at, .. } => file
                .write_all_at(bytemuck::cast_slice(&ids), exam_id_at)
                .map_err(Error::io("write", &self.path)),
            TracingsSink::Blocks {
                file,
                exam_id,
                tracings,
                ..
            } => {
                let failed = |e: hdf5::Error| library_error(&self.path, &e, EXAM_ID);
                exam_id.write_raw(&ids).map_err(failed)?;
                // HDF5 closes a file only once no dataset of it is open.
                drop((exam_id, tracings));
                file.close().map_err(failed)
            }
        }
    }
}

fn check_options(path: &Path, options: &WriteOptions) -> Result<()> {
    let WriteOptions {
        layout,
        rows,
        samples,
        leads,
    } = *options;
    let values = rows
        .checked_mul(samples)
        .and_then(|n| n.checked_mul(leads)?.checked_mul(8));
    let layout_fits = match layout {
        WriteLayout::Contiguous => true,
        // HDF5 allows no chunk of 4 GiB or more.
        WriteLayout::Chunked {
            rows: height,
            gzip_level,
            ..
        } => {
            height > 0
                && gzip_level <= 9
                && height.min(rows).saturating_mul(samples).saturating_mul(leads) < 1 << 30
        }
    };
    if values.is_none_or(|n| n == 0) || !layout_fits {
        return Err(Error::request(
            path,
            format!("no part can be written with {options:?}"),
        ));
    }
    Ok(())
}

/// Makes a dataset one run of bytes that is allocated when it is created, and not filled.
fn contiguous_layout(builder: DatasetBuilder) -> DatasetBuilder {
    builder
        .no_chunk()
        .obj_track_times(false)
        .alloc_time(Some(AllocTime::Early))
        .fill_time(FillTime::Never)
}

fn create_tracings(file: &Hdf5File, options: &WriteOptions) -> hdf5::Result<Dataset> {
    let WriteOptions {
        layout,
        rows,
        samples,
        leads,
    } = *options;
    let mut builder = file.new_dataset_builder().obj_track_times(false);
    match layout {
        WriteLayout::Contiguous => builder = contiguous_layout(builder),
        WriteLayout::Chunked {
            rows: height,
            gzip_level,
            shuffle,
        } => {
            builder = builder.chunk((height.min(rows), samples, leads));
            builder = if shuffle { builder.shuffle() } else { builder };
            builder = if gzip_level > 0 {
                builder.deflate(gzip_level)
            } else {
                builder
            };
        }
    }
    builder
        .empty::<f32>()
        .shape((rows, samples, leads))
        .create(TRACINGS)
}

/// Closes the file in HDF5 and opens it again for direct writing.
fn reopen_for_direct_writing(
    path: &Path,
    file: Hdf5File,
    exam_id: Dataset,
    tracings: Dataset,
) -> Result<TracingsSink> {
    let places = (exam_id.offset(), tracings.offset());
    // HDF5 closes a file only once no dataset of it is open, and must have written its metadata before we write beside it.
    drop((exam_id, tracings));
    file.close().map_err(|e| library_error(path, &e, "layout"))?;
    let (Some(exam_id_at), Some(tracings_at)) = places else {
        let help = "this is a defect of the HDF5 library in use";
        return Err(Error::malformed(
            path,
            TRACINGS,
            "HDF5 has not laid the file out",
            help,
        ));
    };
    let file = OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(Error::io("open", path))?;
    Ok(TracingsSink::Direct {
        file,
        exam_id_at,
        tracings_at,
    })
}

/// Writes the block whose last row is `row`, if there is one.
fn write_block(
    path: &Path,
    tracings: &Dataset,
    pending: &mut Vec<f32>,
    row: usize,
    options: &WriteOptions,
) -> Result<()> {
    let WriteOptions {
        layout,
        rows,
        samples,
        leads,
    } = *options;
    let height = match layout {
        WriteLayout::Chunked { rows: height, .. } => height,
        WriteLayout::Contiguous => 1,
    };
    let count = pending.len() / (samples * leads);
    if count < height && row + 1 < rows {
        return Ok(());
    }
    let first = row + 1 - count;
    let written = ArrayView3::from_shape((count, samples, leads), pending)
        .map_err(|e| hdf5::Error::from(e.to_string().as_str()))
        .and_then(|block| tracings.write_slice(block, s![first..=row, .., ..]));
    pending.clear();
    written.map_err(|e| library_error(path, &e, &format!("{TRACINGS}, rows {first} to {row}")))
}
