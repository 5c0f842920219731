//! The demo models that are part of the program.

use ecgfm_stage_params::ModelFamily;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// File name of a demo model's checkpoint.
pub const DEMO_CHECKPOINT: &str = "demo.pt";
/// File name of a demo model's card.
pub const DEMO_CARD: &str = "demo.md";

/// Number of the demo models' labels.
pub(super) const DEMO_LABELS: u64 = 26;

/// Network of a demo model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum DemoNetwork {
    /// ECG-FM in small, on ECG-FM's recipe.
    #[default]
    EcgFm,
    /// A Net1D, the network of ECGFounder, in small, on ECGFounder's steps in 5 s segments.
    Net1d,
}

/// A demo model as the program has it.
pub struct BundledDemo {
    /// Its network.
    pub network: DemoNetwork,
    /// Family of the network.
    pub family: ModelFamily,
    /// The checkpoint that `ecgfm demo-model` left.
    pub checkpoint: &'static [u8],
    /// The checkpoint's card.
    pub card: &'static str,
    /// Name of the recipe that it was trained on.
    pub recipe: &'static str,
    /// Notice on all its results.
    pub notice: &'static str,
}

/// The demo models, in the order of [`DemoNetwork`].
pub const BUNDLED_DEMOS: [BundledDemo; 2] = [
    BundledDemo {
        network: DemoNetwork::EcgFm,
        family: ModelFamily::EcgFm,
        checkpoint: include_bytes!("../../../../models/demo/demo.pt"),
        card: include_str!("../../../../models/demo/demo.md"),
        recipe: "ecg_fm",
        notice: "DEMO MODEL: the model is a small one, trained on synthetic ECGs only; it is not ECG-FM, and its figures say \
                 nothing about ECG-FM.",
    },
    BundledDemo {
        network: DemoNetwork::Net1d,
        family: ModelFamily::EcgFounder,
        checkpoint: include_bytes!("../../../../models/demo_net1d/demo.pt"),
        card: include_str!("../../../../models/demo_net1d/demo.md"),
        recipe: "demo_net1d",
        notice: "DEMO MODEL: the model is a small one, trained on synthetic ECGs only; it is not ECGFounder, and its figures say \
                 nothing about ECGFounder.",
    },
];

impl DemoNetwork {
    /// The demo model of the network.
    pub fn bundled(self) -> &'static BundledDemo {
        match self {
            Self::EcgFm => &BUNDLED_DEMOS[0],
            Self::Net1d => &BUNDLED_DEMOS[1],
        }
    }

    /// True for the network that is trained and written where none is named.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Parameters of the stage `demo_model`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoModel {
    /// Which of the demo models.
    #[serde(default, skip_serializing_if = "DemoNetwork::is_default")]
    pub network: DemoNetwork,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_has_its_own_demo_model() {
        for network in [DemoNetwork::EcgFm, DemoNetwork::Net1d] {
            assert_eq!(network.bundled().network, network);
        }
    }
}
