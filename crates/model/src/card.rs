//! `model.json`, the card that travels with `model.ts`, of a network of this crate.

use crate::families::Network;
use ecgfm_stage_params::{
    CARD_FORMAT_VERSION, CardFile, CardOutput, CardRecipe, Exporter, LabelNames, ModelCard, ModelInput,
    Returns,
};
use serde_json::Value;

/// Card of a network that this crate builds.
pub type Card = ModelCard<Value>;

/// Outputs of a network, with their dimensions.
fn outputs(network: &dyn Network) -> Vec<CardOutput> {
    let answer = |name: &str, dimensions: &[String]| CardOutput {
        name: name.to_owned(),
        dimensions: dimensions.to_vec(),
    };
    let mut all = Vec::new();
    if network.labels() > 0 {
        all.push(answer("logits", &[format!("{} labels", network.labels())]));
    }
    all.push(answer("embedding", &[format!("width {}", network.width())]));
    if let Some(heads) = network.saliency_heads() {
        let of_heads = [format!("{heads} heads"), "tokens".to_owned()];
        all.extend([
            answer("saliency", &["tokens".to_owned()]),
            answer("saliency_per_query_of_heads", &of_heads),
            answer("saliency_per_key_of_heads", &of_heads),
        ]);
    }
    all
}

/// Card of an exported network.
pub(crate) fn new(
    network: &dyn Network,
    label_set: Option<LabelNames>,
    source: CardFile,
    model: CardFile,
) -> Card {
    let (family, input) = (network.family(), network.input());
    // A network of other rows than the published ones, such as of one lead, is prepared in another way.
    let published = input.rows == family.rows();
    let recipe = published
        .then(|| CardRecipe::built_in(family.name()).ok())
        .flatten();
    Card {
        format_version: CARD_FORMAT_VERSION,
        architecture: network.architecture().to_owned(),
        family: Some(family.name().to_owned()),
        labels: usize::try_from(network.labels()).unwrap_or_default(),
        label_set,
        returns: (network.labels() > 0).then_some(Returns::Logits),
        parameters: network.parameters(),
        input: ModelInput {
            leads: usize::try_from(input.rows).unwrap_or_default(),
            sample_rate_hz: Some(family.sample_rate_hz()),
            segment_seconds: Some(input.seconds),
            samples: usize::try_from(input.samples).ok(),
            any_length: input.any_length,
            multiple_of: input.multiple_of.and_then(|of| usize::try_from(of).ok()),
            min_samples: usize::try_from(input.min_samples).unwrap_or_default(),
        },
        recipe,
        pooling: None,
        thresholds: None,
        outputs: outputs(network),
        config: Some(network.sizes()),
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
