//! Stages signals, labels, splits and manifests: from raw recordings to lists of segments ready for inference.
//!
//! | stage | module | reads | writes |
//! |---|---|---|---|
//! | signals | [`signals`] | raw data set | `meta.csv`, `segmented.csv`, `rejected.csv`, the segment store |
//! | labels | [`labels`] | `meta.csv` | `labels.csv`, `label_def.csv`, `y.npy`, `pos_weight.txt` |
//! | splits | [`splits`] | `meta.csv`, `segmented.csv` | `meta_split.csv`, `segmented_split.csv` |
//! | manifests | [`manifests`] | `segmented_split.csv` | `<split>.tsv`, `index.csv` |
//!
//! A stage is a function `run` of its `Params`; it knows artifacts and no other stage.

mod error;
pub mod labels;
pub mod manifests;
pub mod signals;
pub mod splits;

pub use error::{Error, Result};
