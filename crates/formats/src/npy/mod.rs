//! NumPy's `.npy` array files.
//!
//! The format is NumPy's own (`numpy/lib/format.py`, NEP 1): a magic string, a version, a Python dictionary literal
//! with `descr`, `fortran_order` and `shape`, padded to a multiple of 64 bytes, then the values. Headers written here
//! equal NumPy's byte for byte, which includes the blanks that NumPy leaves for the first dimension to grow: so
//! [`NpyWriter`] can append rows without knowing their number, and write it into the header at the end.
//!
//! For arrays of many gigabytes there is [`BulkWriter`], which bypasses the operating system's cache.
//!
//! ```
//! use ecgfm_formats::npy::{NpyDtype, NpyReader, NpyWriter};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("logits.npy");
//! let mut writer = NpyWriter::create(&path, NpyDtype::F32, &[3])?; // rows of three values
//! writer.write_f32(&[0.0, 1.0, 2.0])?;
//! writer.write_f32(&[3.0, 4.0, 5.0])?;
//! assert_eq!(writer.finish()?.header.shape, [2, 3]);
//!
//! let reader = NpyReader::open(&path)?;
//! let mut row = [0.0; 3];
//! reader.read_rows(1, 1, &mut row)?;
//! assert_eq!(row, [3.0, 4.0, 5.0]);
//! # Ok(())
//! # }
//! ```

mod bulk;
mod element;
mod header;
mod literal;
mod reader;
mod writer;

pub use bulk::{BulkWriter, Flusher};
pub use element::{NpyElement, write_values};
pub use header::{NpyDtype, NpyHeader, has_header, read_header, read_header_fields, write_header};
pub use literal::HeaderFields;
pub use reader::NpyReader;
pub use writer::{NpyWriter, WrittenArray};
