//! Shapes of a file's weights, from which sizes of a network are read.

use crate::{Error, Result};
use ecgfm_formats::pt::WeightsFile;

/// Largest size that is accepted: far above any published one, far below where sizes multiply to nonsense.
pub(super) const MAX_SIZE: i64 = 1 << 20;

/// Most blocks, layers or stages that are counted.
const MAX_COUNT: i64 = 4096;

/// Shapes of a file's weights, behind the prefix that its names have in common.
pub(super) struct Shapes<'a> {
    file: &'a WeightsFile,
    prefix: &'static str,
}

impl<'a> Shapes<'a> {
    pub(super) fn new(file: &'a WeightsFile, prefix: &'static str) -> Self {
        Self { file, prefix }
    }

    /// True where the file has a weight `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.file.weight(&format!("{}{name}", self.prefix)).is_some()
    }

    /// The shape of a weight of as many dimensions, each a possible size.
    ///
    /// # Errors
    /// When there is no such weight, or it has another number of dimensions, or an impossible size.
    pub(super) fn of<const N: usize>(&self, name: &str) -> Result<[i64; N]> {
        let name = format!("{}{name}", self.prefix);
        let Some(weight) = self.file.weight(&name) else {
            return Err(self.refuse(
                &name,
                "is missing, and sizes of the network are read from it".to_owned(),
            ));
        };
        let sizes = weight.shape.iter().map(|&size| {
            let size = i64::try_from(size).ok();
            size.filter(|size| (1..=MAX_SIZE).contains(size))
        });
        let sizes: Option<Vec<i64>> = sizes.collect();
        sizes.and_then(|sizes| sizes.try_into().ok()).ok_or_else(|| {
            let shape = &weight.shape;
            self.refuse(
                &name,
                format!("has shape {shape:?}; {N} dimensions from 1 to {MAX_SIZE} are needed"),
            )
        })
    }

    /// The number of weights that `name` gives for 0, 1, …, up to the first that is not there.
    pub(super) fn count(&self, name: impl Fn(i64) -> String) -> i64 {
        (0..MAX_COUNT)
            .find(|&at| !self.has(&name(at)))
            .unwrap_or(MAX_COUNT)
    }

    /// Error about a weight.
    pub(super) fn refuse(&self, name: &str, message: String) -> Error {
        Error::Weight {
            path: self.file.path().to_owned(),
            name: name.to_owned(),
            message,
        }
    }
}
