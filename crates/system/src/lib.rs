//! Faults of the system that a program runs on, told from faults of its data.
//!
//! A file that cannot be opened because too many are open says nothing about the file. Whoever meets an error of the
//! system asks [`Fault::of`] or [`Fault::in_chain`] before it blames, or sets aside, what it was reading.
//!
//! ```
//! use ecgfm_system::Fault;
//!
//! let too_many = std::io::Error::from_raw_os_error(24);
//! assert_eq!(Fault::of(&too_many), Some(Fault::TooManyFiles));
//! let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
//! assert_eq!(Fault::of(&missing), None); // What was asked for is not there: that is for the caller to judge.
//! ```

pub mod disk;
mod fault;
mod lock;
pub mod presence;
pub mod replace;

pub use fault::Fault;
pub use lock::{lock_support, try_lock};
