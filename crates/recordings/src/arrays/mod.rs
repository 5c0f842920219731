//! NumPy's arrays: one ECG, (leads, samples) or (samples, leads), or many, with their number first.
//!
//! An array does not say its sample rate, its unit, the names of its leads or which of its dimensions are the leads: whoever
//! reads it does ([`ArrayDescription`]), and nothing of that is guessed, also where only one guess would fit.
//!
//! `.npy` files are read an ECG at a time, whatever their size and order. So are arrays that are stored uncompressed in
//! `.npz` files and have more than 256 MiB; others are read whole, and their checksum is verified.

mod bytes;
mod description;
mod dtype;
mod file;
mod npz;
mod recordings;

#[cfg(feature = "hdf5")]
pub(crate) use description::ArrayFacts;
pub(crate) use description::repeated;
pub use description::{ArrayDescription, ArrayUnit, Axes};
pub use file::ArrayFile;
#[cfg(feature = "hdf5")]
pub(crate) use file::MAX_VALUES;
#[cfg(feature = "hdf5")]
pub(crate) use recordings::description_of;
pub(crate) use recordings::{open, recognizes};
