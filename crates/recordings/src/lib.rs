//! One ECG of any file as a [`Recording`]: leads, sample rate, unit, samples, provenance.
//!
//! | module | holds |
//! |---|---|
//! | [`recording`] | [`Recording`]: one ECG, and its leads in the standard order |
//! | `samples` | [`Samples`]: its values, float32 or float64 |
//! | `metadata` | [`RecordingMetadata`]: what its file states besides |
//! | `standard_leads` | the standard leads out of those of a file, and [`MissingLeads`] |
//! | [`file`](mod@file) | [`RecordingFile`]: a file of recordings, read row by row |
//! | `on_demand` | [`FileOnDemand`]: a file of one recording that is open only while it is read |
//! | `hdf5` | [`RecordingFile`] for the HDF5 files of CODE-15 (with the feature `hdf5`) |
//! | `hdf5_rows` | [`RecordingFile`] for other HDF5 files of rows, which somebody describes |
//! | [`mod@wfdb`] | [`RecordingFile`] for WFDB records: headers, signal files |
//! | [`muse`] | [`RecordingFile`] for GE MUSE's XML, and a writer of it |
//! | [`arrays`] | [`RecordingFile`] for NumPy's arrays, `.npy` and `.npz` |
//! | [`csv`] | [`RecordingFile`] for one ECG a CSV file |
//! | `unread` | formats that are recognised, and not read |
//! | [`amplitude`] | units of amplitude |
//! | [`lead_names`] | standard names of leads, found from the spellings that files use |
//! | [`direct`] | [`RecordingFile`] for rows of float32 whose bytes are known, without the HDF5 library |
//!
//! A format that is added here is a module that implements [`RecordingFile`], and a line of `FORMATS` in [`open`](mod@open).

pub mod amplitude;
pub mod arrays;
mod ascii;
mod content;
pub mod csv;
pub mod direct;
pub mod file;
#[cfg(feature = "hdf5")]
pub mod hdf5;
#[cfg(feature = "hdf5")]
mod hdf5_rows;
pub mod lead_names;
mod metadata;
pub mod muse;
mod on_demand;
pub mod open;
pub mod recording;
mod refusal;
mod samples;
mod single;
mod standard_leads;
mod text;
mod unread;
pub mod wfdb;
mod xml;

pub use direct::DirectFile;
pub use ecgfm_formats::{Error, Fault, Result};
pub use file::{BoxedFile, DirectRows, FileHead, RecordingFile};
#[cfg(feature = "hdf5")]
pub use hdf5::{HDF5_ENDINGS, Hdf5File};
pub use metadata::RecordingMetadata;
pub use on_demand::{FileOnDemand, open_recognized};
pub use open::{FileListing, ListedRecording, list, open};
pub use recording::{Encoding, Leads, Provenance, Recording, Unit};
pub use samples::Samples;
pub use standard_leads::{LeadProblem, LeadSupply, MissingLeads};
