//! `<output>_<subset>.npy`: outputs of a model beside logits, such as embeddings.
//!
//! float32, one row a segment in the order of the logits beside it; `outputs_<subset>_index.csv` gives every row its key.

use crate::error::Result;
use crate::formats::npy;
use std::path::Path;

/// File name of an output of a subset.
pub fn file_name(output: &str, subset: &str) -> String {
    format!("{output}_{subset}.npy")
}

/// Writes an output row by row.
pub struct ExtraWriter(npy::NpyWriter);

impl ExtraWriter {
    /// Starts the file in the existing directory `dir`; every row has the shape `row`.
    ///
    /// # Errors
    /// I/O.
    pub fn create(dir: &Path, output: &str, subset: &str, row: &[usize]) -> Result<Self> {
        let path = dir.join(file_name(output, subset));
        Ok(Self(npy::NpyWriter::create(&path, npy::NpyDtype::F32, row)?))
    }

    /// Appends rows.
    ///
    /// # Errors
    /// I/O, or values that are no whole rows.
    pub fn push(&mut self, rows: &[f32]) -> Result<()> {
        Ok(self.0.write_f32(rows)?)
    }

    /// Completes the file.
    ///
    /// # Errors
    /// I/O.
    pub fn finish(self) -> Result<()> {
        self.0.finish()?;
        Ok(())
    }
}

/// Shape, with the rows first, and values of an output of a subset in `dir`.
///
/// # Errors
/// The file cannot be read or is no array.
pub fn read(dir: &Path, output: &str, subset: &str) -> Result<(Vec<usize>, Vec<f32>)> {
    let reader = npy::NpyReader::open(&dir.join(file_name(output, subset)))?;
    Ok((reader.header().shape.clone(), reader.read_all()?))
}
