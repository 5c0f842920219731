//! The contract of a stage: what it is given, what it gives back, and how it fails.
//!
//! Stages and the engine that runs them know this crate and not each other. A stage writes into [`Context::out`], reports to
//! [`Context::progress`], stops where [`Context::cancel`] asks for it, and returns an [`Outcome`] or an error that implements
//! [`StageFailure`], whose class decides the program's exit code.
//!
//! ```
//! use ecgfm_stage::{FailureClass, StageError, StageFailure};
//!
//! #[derive(Debug, thiserror::Error)]
//! enum Error {
//!     #[error("row {0} has no number")]
//!     NoNumber(usize),
//!     #[error("interrupted")]
//!     Interrupted,
//! }
//!
//! impl StageFailure for Error {
//!     fn class(&self) -> FailureClass {
//!         match self {
//!             Self::NoNumber(_) => FailureClass::BadInput,
//!             Self::Interrupted => FailureClass::Interrupted,
//!         }
//!     }
//! }
//!
//! assert_eq!(StageError::from(Error::NoNumber(3)).class, FailureClass::BadInput);
//! ```

mod chunk_plan;
mod context;
mod failure;
mod shard;

pub use chunk_plan::{ChunkPlan, chunk_file, chunk_stem};
pub use context::{Cancel, ChunkWork, Context, NoProgress, Outcome, Progress, UNFINISHED};
pub use failure::{FailureClass, StageError, StageFailure};
pub use shard::Shard;
