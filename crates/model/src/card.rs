//! `model.json`, the card that travels with `model.ts`, of a network of this crate.

use crate::config::Config;
use crate::weights;
use ecgfm_stage_params::{
    CARD_FORMAT_VERSION, CardFile, CardOutput, CardRecipe, Exporter, LabelNames, ModelCard, ModelInput,
    Returns,
};

/// Card of a network that this crate builds.
pub type Card = ModelCard<Config>;

/// Outputs of a network, with their dimensions.
fn outputs(config: &Config) -> Vec<CardOutput> {
    let answer = |name: &str, dimensions: &[String]| CardOutput {
        name: name.to_owned(),
        dimensions: dimensions.to_vec(),
    };
    let of_heads = [format!("{} heads", config.heads), "tokens".to_owned()];
    let logits = answer("logits", &[format!("{} labels", config.labels)]);
    let mut all = if config.has_head() {
        vec![logits]
    } else {
        Vec::new()
    };
    all.extend([
        answer("embedding", &[format!("width {}", config.embed_dim)]),
        answer("saliency", &["tokens".to_owned()]),
        answer("saliency_per_query_of_heads", &of_heads),
        answer("saliency_per_key_of_heads", &of_heads),
    ]);
    all
}

/// Card of an exported network.
pub(crate) fn new(config: &Config, label_set: Option<LabelNames>, source: CardFile, model: CardFile) -> Card {
    Card {
        format_version: CARD_FORMAT_VERSION,
        architecture: config.architecture().to_owned(),
        family: Some("ecg_fm".to_owned()),
        labels: usize::try_from(config.labels).unwrap_or_default(),
        label_set,
        returns: config.has_head().then_some(Returns::Logits),
        parameters: weights::parameter_count(config),
        input: ModelInput {
            leads: usize::try_from(config.leads).unwrap_or_default(),
            sample_rate_hz: Some(500.0),
            segment_seconds: Some(5.0),
            any_length: true,
            min_samples: usize::try_from(config.min_samples()).unwrap_or_default(),
        },
        recipe: CardRecipe::built_in("ecg_fm").ok(),
        pooling: None,
        thresholds: None,
        outputs: outputs(config),
        config: Some(config.clone()),
        notice: None,
        licence: None,
        source,
        model,
        golden: None,
        exporter: Exporter {
            name: "ecgfm".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    }
}
