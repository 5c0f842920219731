//! Models by name: what the description of one adds to an export.

use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_infer::golden::record_golden_vectors;
use ecgfm_model::Card;
use ecgfm_model::golden::made_up_inputs;
use ecgfm_stage::StageError;
use ecgfm_stage_params::golden::GoldenVectors;
use ecgfm_stage_params::{
    CARD_FORMAT_VERSION, CardFile, Exporter, LabelNames, ModelCard, ModelDescription, ModelInput,
};
use std::io::Read;
use std::path::Path;

/// First bytes of a TorchScript file, which is a zip archive.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// Description of the model that is named, where one is.
pub fn load(name: Option<&str>) -> Result<Option<ModelDescription>, StageError> {
    let load = |name| {
        ModelDescription::load(name)
            .map_err(|e| StageError::config(e.to_string()).help("`ecgfm kinds model` lists the models known"))
    };
    name.map(load).transpose()
}

/// Adds what the description says to the card of an exported checkpoint.
pub fn complete_card(card: &mut Card, model: &ModelDescription) -> Result<(), StageError> {
    if card.family != model.family {
        let family = |family: &Option<String>| family.clone().unwrap_or_else(|| "no family".to_owned());
        let message = format!(
            "{}: the checkpoint is of {}, and the model `{}` is described as of {}",
            card.source.file,
            family(&card.family),
            model.name,
            family(&model.family)
        );
        return Err(
            StageError::bad_input(message).help("`ecgfm kinds model` lists models with their families")
        );
    }
    let recipe = model
        .card_recipe()
        .map_err(|e| StageError::config(e.to_string()))?;
    card.recipe = Some(recipe);
    card.pooling = model.pooling;
    card.thresholds = model.thresholds.as_ref().map(|thresholds| thresholds.of.clone());
    card.licence = Some(model.card_licence());
    let notices = card.notice.take().into_iter().chain(model.notice.clone());
    let notices: Vec<String> = notices.collect();
    card.notice = (!notices.is_empty()).then(|| notices.join(" "));
    Ok(())
}

/// Copies a TorchScript file that runs as it is to `model.ts` in `out`, and makes its card of its description, and golden vectors by running it.
pub fn adopt_torchscript(
    file: &Path,
    model: &ModelDescription,
    labels: Option<LabelNames>,
    out: &Path,
) -> Result<Card, StageError> {
    let mut start = [0; 4];
    let opened = std::fs::File::open(file).and_then(|mut opened| opened.read_exact(&mut start));
    opened.map_err(ArtifactError::io("read", file))?;
    if start != ZIP {
        let message = format!(
            "{}: no TorchScript file, and the model `{}` is one",
            file.display(),
            model.name
        );
        return Err(StageError::bad_input(message));
    }
    let target = out.join("model.ts");
    let size = std::fs::copy(file, &target).map_err(ArtifactError::io("write", &target))?;
    let sha256 = ecgfm_fetch::sha256(&target)?;
    let described = |e: &dyn std::fmt::Display| StageError::config(format!("{}: {e}", model.name));
    let recipe = model.card_recipe().map_err(|e| described(&e))?;
    let checked = recipe.steps.check().map_err(|e| described(&e))?;
    if checked.sample_rate().is_none() {
        tracing::warn!(
            "the recipe of model `{}` states no sample rate: segments of every rate will be taken",
            model.name
        );
    }
    let named = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let content = |path: &Path| CardFile {
        file: named(path),
        size,
        sha256: sha256.clone(),
    };
    let mut card: Card = ModelCard {
        format_version: CARD_FORMAT_VERSION,
        architecture: model.title.clone(),
        family: None,
        labels: labels.as_ref().map_or(0, |labels| labels.labels.len()),
        label_set: labels,
        returns: model.returns,
        parameters: 0,
        input: ModelInput {
            leads: checked.rows(),
            sample_rate_hz: checked.sample_rate(),
            segment_seconds: checked.seconds(),
            any_length: false,
            multiple_of: None,
            min_samples: checked.samples(),
            samples: Some(checked.samples()),
        },
        recipe: None,
        pooling: None,
        thresholds: None,
        outputs: Vec::new(),
        config: None,
        notice: None,
        licence: None,
        source: content(file),
        model: content(&target),
        golden: None,
        exporter: Exporter {
            name: "ecgfm".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    };
    complete_card(&mut card, model)?;
    card.golden = Some(record_golden(&target, &card)?);
    Ok(card)
}

/// Runs a model on made-up inputs, and leaves them beside it with what it returned.
fn record_golden(model: &Path, card: &Card) -> Result<CardFile, StageError> {
    let vectors = record_golden_vectors(model, made_up_inputs(&card.input))?;
    let returned = vectors.outputs.first().and_then(|output| output.shape.last());
    if let (Some(set), Some(&returned)) = (&card.label_set, returned)
        && set.labels.len() != returned
    {
        let message = format!(
            "{}: the model returns {returned} values, and label set {} has {} labels; one of them is the wrong one",
            card.source.file,
            set.describe(),
            set.labels.len()
        );
        return Err(StageError::bad_input(message));
    }
    let path = GoldenVectors::path_beside(model);
    let written = vectors.to_bytes().and_then(|bytes| {
        std::fs::write(&path, &bytes)?;
        Ok(bytes.len() as u64)
    });
    let size = written.map_err(ArtifactError::io("write", &path))?;
    let name = path.file_name().unwrap_or_default();
    Ok(CardFile {
        file: name.to_string_lossy().into_owned(),
        size,
        sha256: ecgfm_fetch::sha256(&path)?,
    })
}
