//! Published data sets and models of a run: their titles, and whether a file is one of them.

use super::lineage::Lineage;
use ecgfm_archives::described::DatasetDescription;
use ecgfm_fetch::find_source;
use ecgfm_stage_params::{ModelCard, ModelDescription, known_models};

/// Title and page of a data set of the catalogue; none of a layout that is no certain data set.
pub(super) fn dataset_title(name: &str) -> Option<String> {
    let described = DatasetDescription::load(name).ok().flatten();
    let source = described.as_ref().map_or(name, DatasetDescription::source);
    if let Ok(source) = find_source(source) {
        return Some(format!("{}, {}", source.title, source.page));
    }
    described
        .map(|described| described.title)
        .filter(|title| !title.is_empty())
}

/// The published model that a run's model is, and how that is known.
pub(super) fn published_model(
    lineage: &Lineage,
    card: &ModelCard,
) -> Option<(ModelDescription, &'static str)> {
    let named = lineage
        .stage("export")
        .and_then(|export| export.parameters["model"].as_str());
    if let Some(described) = named.and_then(|name| ModelDescription::load(name).ok()) {
        return Some((described, "as the parameter `model` of its export says"));
    }
    let source = &card.source;
    known_models().ok()?.into_iter().find_map(|model| {
        let file = model.weights.files.iter().find(|file| file.name == source.file)?;
        let how = match &file.sha256 {
            Some(sha256) if *sha256 == source.sha256 => "as its checksum says",
            Some(_) => return None,
            None => "as the name of its checkpoint says; no checksum is published to hold against it",
        };
        Some((model, how))
    })
}
