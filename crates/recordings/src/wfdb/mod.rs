//! WFDB records: a header, `.hea`, and the signal files that it names.
//!
//! Format: header(5) and signal(5) of the WFDB Applications Guide (PhysioNet). Read are the formats 8, 16, 24, 32, 61, 80, 160,
//! 212, 310, 311, the FLAC formats 508, 516 and 524, signal files that are MATLAB files (`16x1+24`), several files, several
//! samples a frame, skew, and records of several segments. Files are found beside the header only, and lengths are compared with
//! what is there before memory is allocated.
//!
//! [`WfdbHeader`] gives what a header states and none where it states nothing; [`read`] assumes what WFDB's documentation does of
//! gain and unit, and says so in [`WfdbRecord::warnings`], together with checksums that differ.
//!
//! [`RecordToWrite`] is a record to be written, in format 16.
//!
//! ```
//! use ecgfm_recordings::wfdb;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let header = dir.path().join("r.hea");
//! std::fs::write(&header, "r 2 500 3\nr.dat 16 1000/mV 16 0 1 6 0 I\nr.dat 16 1/uV 16 0 -1 -6 0 AVR\n# Age: 60\n")?;
//! let samples = [1i16, -1, 2, -2, 3, -3];
//! std::fs::write(dir.path().join("r.dat"), samples.map(i16::to_le_bytes).concat())?;
//!
//! let record = wfdb::read(&header)?;
//! assert_eq!(record.signals[0].samples, [0.001, 0.002, 0.003]);
//! assert_eq!((record.signals[1].lead, &record.signals[1].samples), (Some("aVR"), &vec![-0.001, -0.002, -0.003]));
//! assert_eq!(record.header.comment("age"), Some("60"));
//! assert!(record.warnings.is_empty());
//! # Ok(())
//! # }
//! ```

mod calibration;
mod decode;
mod digital;
mod digitize;
mod ecg_leads;
mod ecg_values;
mod error;
mod file;
mod flac;
mod format;
mod frames16;
mod header;
mod interleaved;
mod limits;
mod mat_head;
mod paths;
mod read;
mod record;
mod record_line;
mod regular_file;
mod segments;
mod signal_file;
mod signal_group;
mod signal_line;
mod specification;
mod start;
mod stored;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod unit;
mod verify;
mod write;

pub use digital::{DigitalRecord, read_digital};
pub use file::WfdbFile;
pub(crate) use file::{header_of, open};
pub use format::SampleFormat;
pub use header::{WfdbHeader, is_header};
pub use read::read;
pub use record::{WfdbRecord, WfdbSignal};
pub use specification::{SegmentSpecification, SignalSpecification};
pub use start::{BaseDate, BaseTime};
pub use unit::WfdbUnit;
pub use write::{EncodedRecord, LeadToWrite, RecordToWrite};
