//! Other people's file formats, read with suspicion and written to the byte.
//!
//! | module | feature | format | read | written |
//! |---|---|---|---|---|
//! | [`code15`] | `hdf5` | CODE-15% exams, HDF5 | by row, from many threads | row by row |
//! | [`isolated`] | `hdf5` | any, in a process of its own | as the parser there does | no |
//! | [`tracings`] | `tracings` | rows of float32, plain or in blocks, where their place in the file is known | by row, from many threads | no |
//! | [`mat5`] | `mat` | MATLAB level-5 matrices | yes, also compressed | as SciPy does |
//! | [`pages`] | `npy`, `mat` | any, past the operating system's cache | no | yes |
//! | [`file_sum`] | `npy` | any: its length and CRC-32 | whole | no |
//! | [`npy`] | `npy` | NumPy arrays | by row, from many threads | row by row |
//! | [`npz`] | `npz` | small archives of NumPy arrays of float32 | whole | whole |
//! | [`cell`] | | text of one cell of a table | yes | no |
//! | [`manifest`] | `manifest` | fairseq's lists of recordings | yes | yes |
//! | [`store`] | `store` | header of a memory-mapped array, a pickle | yes, without running it | yes |
//! | [`pt`] | `pt` | PyTorch checkpoints, safetensors | yes, without running them | no |
//!
//! Nothing here knows what the files are for. Every reader treats its input as untrusted: a length in a file is compared
//! with the file's size before memory is allocated for it, and a contradiction is an [`Error`] that names
//! the file, the place, and what to do, never a panic. Every writer is deterministic: no dates, no machine's name.
//! Depend on this crate with the features you need; only `hdf5` builds the HDF5 library.
//!
//! ```
//! use ecgfm_formats::manifest::{ManifestEntry, Manifest};
//! use ecgfm_formats::{mat5, npy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! // One segment of two leads by three samples, as a .mat file: column-major, so leads vary fastest.
//! let mut mat = mat5::MatWriter::new(std::fs::File::create(dir.path().join("ecg_0.mat"))?)?;
//! mat.put("feats", [2, 3], mat5::MatData::F64(&[1.0, -1.0, 2.0, -2.0, 3.0, -3.0]))?;
//! mat.finish()?;
//!
//! // A manifest that lists it.
//! let entries = vec![ManifestEntry { path: "ecg_0.mat".into(), samples: 3 }];
//! let list = dir.path().join("test.tsv");
//! Manifest { root: dir.path().to_owned(), entries }.write(&list)?;
//!
//! // Each listed segment into one row of a .npy file.
//! let mut rows = npy::NpyWriter::create(&dir.path().join("all.npy"), npy::NpyDtype::F32, &[2, 3])?;
//! let manifest = Manifest::read(&list)?;
//! for entry in &manifest.entries {
//!     let ((leads, _), values) = mat5::MatFile::read(&manifest.root.join(&entry.path))?.f32_matrix("feats")?;
//!     let by_lead: Vec<f32> = (0..leads).flat_map(|l| values.iter().skip(l).step_by(leads).copied()).collect();
//!     rows.write_f32(&by_lead)?;
//! }
//! assert_eq!(rows.finish()?.header.shape, [1, 2, 3]);
//! # Ok(())
//! # }
//! ```

#[cfg(target_endian = "big")]
compile_error!(
    "these formats are little-endian, and values are moved to and from files as they are in memory"
);

pub mod cell;
mod error;

#[cfg(feature = "hdf5")]
pub mod code15;
#[cfg(feature = "npy")]
pub mod file_sum;
#[cfg(feature = "hdf5")]
pub mod isolated;
#[cfg(feature = "manifest")]
pub mod manifest;
#[cfg(feature = "mat")]
pub mod mat5;
#[cfg(feature = "npy")]
pub mod npy;
#[cfg(feature = "npz")]
pub mod npz;
#[cfg(any(feature = "npy", feature = "mat"))]
pub mod pages;
#[cfg(feature = "pt")]
pub mod pt;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "tracings")]
pub mod tracings;
#[cfg(any(feature = "npy", feature = "mat"))]
pub mod watch;

pub use ecgfm_system::{Fault, presence};
pub use error::{Error, Result};
