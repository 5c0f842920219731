//! Checks of `model.json`, the card beside `model.ts`. Somebody else's model may have no card, and runs without.

use crate::{Error, Result};
use ecgfm_artifacts::presence::is_file;
use ecgfm_stage_params::{CARD_FORMAT_VERSION, ModelCard};
use std::path::Path;

/// Reads the card beside `model` (`model.json` for `model.ts`); `None` where there is none, or no model.
///
/// # Errors
/// When the card or the model cannot be looked for, the card cannot be read, is of another format, or describes another file than that of `sha256`.
pub fn read_card_beside(model: &Path, sha256: &str) -> Result<Option<ModelCard>> {
    let path = ModelCard::path_beside(model);
    if path == model || !is_file(&path)? || !is_file(model)? {
        return Ok(None);
    }
    let refused = |what: String| Error::model(&path, what);
    let Some(card): Option<ModelCard> = ModelCard::read(&path).map_err(|error| refused(error.to_string()))?
    else {
        return Ok(None);
    };
    if card.format_version != CARD_FORMAT_VERSION {
        return Err(refused(format!(
            "format {}; this version reads {CARD_FORMAT_VERSION}: export the model again",
            card.format_version
        )));
    }
    if card.model.sha256 != sha256 {
        return Err(refused(format!(
            "is the card of another model file: sha256 {} there, {sha256} here; export again",
            card.model.sha256
        )));
    }
    Ok(Some(card))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_may_not_be_looked_at_is_not_one_that_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("m.ts");
        std::fs::write(&model, "").unwrap();
        assert!(read_card_beside(&model, "").unwrap().is_none());
        // A link that leads to itself cannot be looked at, by no user.
        std::os::unix::fs::symlink("m.json", dir.path().join("m.json")).unwrap();
        let error = read_card_beside(&model, "").unwrap_err().to_string();
        assert!(error.contains("m.json"), "{error}");
    }
}
