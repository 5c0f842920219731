//! Description of a checkpoint, read without its tensors.

use ecgfm_formats::pt::{Error, WeightsFile};
use ecgfm_stage_params::{FamilyMismatch, ModelFamily};
use std::collections::BTreeSet;
use std::path::Path;

/// Facts about a checkpoint that matter before it is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelHead {
    /// Family of the network, by the names of its weights; of a checkpoint of none, what each lacks. A configuration of ECG-FM's
    /// training code in the file says more than names do, and is the export's business.
    pub(super) family: Result<ModelFamily, Vec<FamilyMismatch>>,
    /// True where the export may still tell what network it holds, or why it holds none.
    pub(super) configured: bool,
    /// Number of labels, by the shape of the head; none where that cannot be told, 0 for an encoder.
    pub(super) labels: Option<u64>,
}

impl ModelHead {
    /// Names of what a model of the checkpoint gives; none where that cannot be told.
    pub(super) fn outputs(&self) -> Option<Vec<&'static str>> {
        let (Ok(family), Some(labels)) = (&self.family, self.labels) else {
            return None;
        };
        Some(family.outputs(labels > 0))
    }
}

/// Opens a file of weights, and that of its head where that is another, and looks for the family and the head.
///
/// # Errors
/// A file cannot be read or holds no weights in a format that is known.
pub(super) fn read_head(path: &Path, head: Option<&Path>) -> Result<ModelHead, Error> {
    let mut weights = WeightsFile::open(path)?;
    if let Some(head) = head {
        weights = weights.with_head(WeightsFile::open(head)?);
    }
    let names: BTreeSet<&str> = weights
        .weights()
        .iter()
        .map(|weight| weight.name.as_str())
        .collect();
    let family = ModelFamily::recognise(&names);
    let candidates = family.as_ref().map_or(ModelFamily::EcgFm, |family| *family);
    let found = candidates
        .head_weights()
        .iter()
        .find_map(|name| weights.weight(name));
    let of_file = head
        .and_then(|_| candidates.separate_head())
        .filter(|name| weights.is_of_head(name));
    let found = found.or_else(|| weights.weight(of_file?));
    let labels = found.and_then(|weight| weight.shape.first().copied());
    // An ECG-FM without its head may be an encoder, or a classifier that was not saved whole.
    let encoder = family.as_ref().is_ok_and(|family| *family != ModelFamily::EcgFm);
    Ok(ModelHead {
        // Without any weights the export says what the file is.
        configured: weights.configuration().is_some() || names.is_empty(),
        labels: labels.or(encoder.then_some(0)),
        family,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::BUNDLED_DEMOS;
    use crate::kinds::demo::DEMO_LABELS;

    #[test]
    fn the_demo_models_heads_are_as_wide_as_the_stage_promises_and_their_families_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("demo.pt");
        for (demo, family) in BUNDLED_DEMOS
            .iter()
            .zip([ModelFamily::EcgFm, ModelFamily::EcgFounder])
        {
            std::fs::write(&path, demo.checkpoint).unwrap();
            let head = read_head(&path, None).unwrap();
            assert_eq!((head.labels, &head.family), (Some(DEMO_LABELS), &Ok(family)));
            assert_eq!(
                (demo.family, head.outputs().unwrap().len()),
                (family, if family == ModelFamily::EcgFm { 3 } else { 2 })
            );
        }
    }
}
