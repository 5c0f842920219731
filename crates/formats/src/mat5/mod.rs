//! MATLAB level-5 `.mat` files of numeric matrices, as SciPy writes and reads them.
//!
//! Format: MathWorks, *MAT-File Format* (version 5). A 128-byte header is followed by one element a variable. After the header
//! [`MatWriter`] writes the bytes that `scipy.io.savemat` writes: little-endian, uncompressed, values
//! in column-major order, anything of four bytes or less packed into its tag. [`MatFile`] reads that, and the
//! compressed files of MATLAB itself.
//!
//! ```
//! use ecgfm_formats::mat5::{MatData, MatFile, MatWriter};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("segment.mat");
//! let mut writer = MatWriter::new(std::fs::File::create(&path)?)?;
//! writer.put("feats", [2, 3], MatData::F64(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]))?; // rows 1 2 3 and 4 5 6
//! writer.put("idx", [1, 1], MatData::I64(&[7]))?;
//! writer.finish()?;
//!
//! let mat = MatFile::read(&path)?;
//! assert_eq!(mat.f64_matrix("feats")?, ((2, 3), vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
//! assert_eq!(mat.i64_scalar("idx")?, 7);
//! # Ok(())
//! # }
//! ```

mod array;
mod element;
mod file;
mod inflate;
mod number;
mod writer;

pub use array::{ArrayClass, MatArray};
pub use file::MatFile;
pub use writer::{MatData, MatWriter};

/// Bytes of the header before the first element.
const HEADER_BYTES: usize = 128;
