//! Checkpoints and datasets by name: their addresses, downloading them, checking files on disk.
//!
//! The catalogue is data in `configs/models`, `configs/datasets` and `configs/sources`; what to cite is in `configs/citations.yaml`. A [`DataSource`] tells a person exactly which
//! file to put where; a [`Fetcher`] does it: it resumes an interrupted download, compares with what the publisher
//! states, and pins each fetched file ([`Pin`]), so that a different file later is noticed. Nothing here prints or reads
//! the environment.
//!
//! ```
//! let source = ecgfm_fetch::find_source("physionet_finetuned").unwrap();
//! assert!(source.instructions().contains("physionet_finetuned.pt"));
//! ```
//!
//! ```no_run
//! # fn main() -> Result<(), ecgfm_fetch::Error> {
//! use ecgfm_fetch::{FetchOptions, Fetcher, find_source};
//! use ecgfm_stage::NoProgress;
//! let source = find_source("code15")?;
//! let stop = std::sync::atomic::AtomicBool::new(false);
//! Fetcher::new(FetchOptions::default())?.fetch(&source, &[3], &source.place, &NoProgress, &stop)?;
//! # Ok(())
//! # }
//! ```

mod address;
mod catalogue;
mod check;
mod checksum_list;
mod citation;
mod client;
mod digest;
mod error;
mod fetch;
mod file_task;
mod hexadecimal;
mod listed_files;
mod netrc;
mod options;
mod partial;
mod pin;
mod progress;
mod publisher;
mod retry;
mod source_file;
mod stream;
mod transfer;
mod unpack;

pub use catalogue::{DataSource, SourceKind, all_sources, find_source};
pub use check::{CheckDepth, FileProblem};
pub use checksum_list::{ChecksumList, ListedPart};
pub use citation::{Citation, citations};
pub use digest::{Checksum, sha256};
pub use error::Error;
pub use fetch::Fetcher;
pub use file_task::{FetchOutcome, FetchedFile, PlannedFile};
pub use options::FetchOptions;
pub use pin::Pin;
pub use source_file::{FileOrigin, HUB, SourceFile};
