//! Description of a checkpoint, read without its tensors.

use ecgfm_formats::pt::{Error, WeightsFile};
use std::path::Path;

/// Facts about a checkpoint that matter before it is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModelHead {
    /// Number of labels, by the shape of the head; none where that cannot be told, 0 for an encoder.
    pub(super) labels: Option<u64>,
}

/// Name of the head's weight in the reference's network.
const HEAD: &str = "proj.weight";

/// Opens a file of weights and looks for the model's head.
///
/// # Errors
/// The file cannot be read or holds no weights in a format that is known.
pub(super) fn read_head(path: &Path) -> Result<ModelHead, Error> {
    let weights = WeightsFile::open(path)?;
    let head = weights.weight(HEAD);
    Ok(ModelHead {
        labels: head.and_then(|weight| weight.shape.first().copied()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::demo::{BUNDLED_CHECKPOINT, DEMO_LABELS};

    #[test]
    fn the_demo_models_head_is_as_wide_as_the_stage_promises() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("demo.pt");
        std::fs::write(&path, BUNDLED_CHECKPOINT).unwrap();
        assert_eq!(read_head(&path).unwrap().labels, Some(DEMO_LABELS));
    }
}
