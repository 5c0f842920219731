//! Our files read by Python and Python's by us. h5py, NumPy and SciPy are the judges; where they are missing, or the
//! reference data are, a test says so on standard error and passes.
#![allow(clippy::unwrap_used, reason = "this is all test code")]

#[cfg(feature = "hdf5")]
mod code15_damage;
#[cfg(feature = "hdf5")]
mod code15_read;
#[cfg(feature = "hdf5")]
mod code15_write;
mod judge;
#[cfg(feature = "manifest")]
mod manifest;
#[cfg(feature = "mat")]
mod mat5;
#[cfg(feature = "npy")]
mod npy;
#[cfg(all(feature = "store", feature = "npy"))]
mod store;
