//! The HDF5 files of CODE-15% and of anything shaped like them.
//!
//! A part (`exams_part0.hdf5`) holds two datasets: `exam_id`, integers (exams,), and `tracings`, floating-point
//! (exams, samples, leads), in the release float32 of (exams, 4096, 12). Source: Ribeiro et al., *CODE-15%: a large
//! scale annotated dataset of 12-lead ECGs*, Zenodo 4916206.
//!
//! [`PartReader`] reads rows from any number of threads at once. HDF5 itself lets one thread in at a time, so it is asked
//! only where the data are: contiguous and chunked float32 rows are then read from the file directly, and chunks
//! compressed with gzip or LZF or shuffled are decoded here. Rows stored otherwise go through the library, correct but
//! one thread at a time; [`PartReader::layout`] tells the two apart.
//!
//! Other archives keep rows in datasets of other names, without identifiers or as integers: [`RowDatasets`] names them, and
//! [`PartReader::open_datasets`] reads them.
//!
//! The HDF5 library is a large body of C that parses what it is given. A program that calls [`crate::isolated::enable_isolation`] has it open
//! files in a process of its own ([`serve_part`]), with bounded memory and time; a crash there is an [`crate::Error`] here.
//!
//! ```
//! use ecgfm_formats::code15::{PartReader, PartWriter, WriteLayout, WriteOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("exams_part0.hdf5");
//! let options = WriteOptions { layout: WriteLayout::Contiguous, rows: 2, samples: 3, leads: 2 };
//! let mut writer = PartWriter::create(&path, options)?;
//! writer.write_row(0, 1_238_362, &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5])?; // sample by sample, all leads of each
//! writer.write_row(1, 0, &[0.0; 6])?;
//! writer.finish()?;
//!
//! let part = PartReader::open(&path)?;
//! assert_eq!(part.exam_ids(), [1_238_362, 0]);
//! let mut row = vec![0.0; part.row_len()];
//! part.read_row(0, &mut row)?;
//! assert_eq!(row[1 * part.leads() + 1], 1.5); // second sample, second lead
//! # Ok(())
//! # }
//! ```

mod checks;
mod chunks;
mod datasets;
mod filters;
mod layout;
mod library;
mod open;
mod reader;
mod row_ids;
mod serve;
mod write_rows;
mod writer;

pub use datasets::RowDatasets;
pub use layout::{Filter, RecordingLayout};
pub use library::library_version;
pub use reader::PartReader;
pub use serve::serve_part;
pub use write_rows::{RowValues, write_rows};
pub use writer::{PartWriter, WriteLayout, WriteOptions};

/// Name of the dataset of exam numbers.
pub const EXAM_ID: &str = "exam_id";
/// Name of the dataset of recordings.
pub const TRACINGS: &str = "tracings";
