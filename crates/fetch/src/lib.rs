//! Checkpoints and datasets by name: where they come from, downloading them, whether what is there is complete.
//!
//! The catalogue is data in `configs/checkpoints` and `configs/datasets`. A [`Source`] tells a person exactly which
//! file to put where; a [`Fetcher`] does it: it goes on where it was interrupted, compares with what the publisher
//! states, and pins what it fetched ([`Pin`]), so that a later, other file is noticed. Nothing here prints or reads
//! the environment.
//!
//! ```
//! let source = ecgfm_fetch::find("physionet_finetuned").unwrap();
//! assert!(source.instructions().contains("physionet_finetuned.pt"));
//! ```
//!
//! ```no_run
//! # fn main() -> Result<(), ecgfm_fetch::Error> {
//! use ecgfm_fetch::{Fetcher, Options, find};
//! use ecgfm_stage::NoProgress;
//! let source = find("code15")?;
//! let stop = std::sync::atomic::AtomicBool::new(false);
//! Fetcher::new(Options::default())?.fetch(&source, &[3], &source.place, &NoProgress, &stop)?;
//! # Ok(())
//! # }
//! ```

mod catalogue;
mod check;
mod client;
mod digest;
mod error;
mod fetch;
mod options;
mod partial;
mod pin;
mod progress;
mod publisher;
mod retry;
mod stream;
mod transfer;
mod unpack;

pub use catalogue::{File, HUB, Kind, Origin, Source, all, find};
pub use check::{Depth, Problem};
pub use digest::{Checksum, sha256};
pub use error::Error;
pub use fetch::{Fetched, Fetcher, Outcome, Planned};
pub use options::Options;
pub use pin::Pin;
