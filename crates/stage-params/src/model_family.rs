//! Families of networks: how a checkpoint of one is known by the names of its weights, without reading a weight.

use std::collections::BTreeSet;
use std::fmt;

/// Family of networks that the program builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFamily {
    /// ECG-FM: convolutions and a transformer, in the layout of fairseq.
    EcgFm,
    /// ECGFounder: Net1D, a convolutional network.
    EcgFounder,
    /// HuBERT-ECG: convolutions and a transformer, in the layout of transformers.
    HubertEcg,
    /// ECG-JEPA: a transformer over patches of eight leads.
    EcgJepa,
    /// ST-MEM: a transformer over patches of twelve leads.
    StMem,
    /// MERL: a one-dimensional residual network, the ECG side of a model of ECGs and reports.
    Merl,
}

/// What a family's checkpoints look like from outside.
struct Layout {
    /// Name, as cards and configurations spell it.
    name: &'static str,
    /// Beginnings that the weights' names may have in common.
    prefixes: &'static [&'static str],
    /// Names of weights that every checkpoint has, behind one of the prefixes.
    marks: &'static [&'static str],
    /// Names, as the file has them, of the weight that gives the logits; its rows are the labels.
    heads: &'static [&'static str],
    /// True where the model can say how attention is spread over the signal.
    saliency: bool,
    /// Samples per second that the published models were trained on.
    sample_rate_hz: f64,
    /// Rows of the published models' input: leads, or 1 where leads are put one after another.
    rows: i64,
}

impl ModelFamily {
    /// All families, in the order in which a checkpoint is tried.
    pub const ALL: [Self; 6] = [
        Self::EcgFm,
        Self::EcgFounder,
        Self::HubertEcg,
        Self::EcgJepa,
        Self::StMem,
        Self::Merl,
    ];

    fn layout(self) -> Layout {
        match self {
            Self::EcgFm => Layout {
                name: "ecg_fm",
                prefixes: &["encoder.", ""],
                marks: &[
                    "feature_extractor.conv_layers.0.0.weight",
                    "conv_pos.pos_conv.0.bias",
                    "encoder.layer_norm.weight",
                ],
                heads: &["proj.weight"],
                saliency: true,
                sample_rate_hz: 500.0,
                rows: 12,
            },
            Self::EcgFounder => Layout {
                name: "ecgfounder",
                prefixes: &[""],
                marks: &[
                    "first_conv.conv.weight",
                    "stage_list.0.block_list.0.conv2.conv.weight",
                    "stage_list.0.block_list.0.se_fc1.weight",
                ],
                heads: &["dense.weight"],
                saliency: false,
                sample_rate_hz: 500.0,
                rows: 12,
            },
            Self::HubertEcg => Layout {
                name: "hubert_ecg",
                prefixes: &["hubert_ecg.", ""],
                marks: &[
                    "feature_extractor.conv_layers.0.conv.weight",
                    "feature_projection.projection.weight",
                    "encoder.pos_conv_embed.conv.bias",
                ],
                heads: &["classifier.weight", "classifier.2.weight"],
                saliency: false,
                sample_rate_hz: 100.0,
                rows: 1,
            },
            Self::EcgJepa => Layout {
                name: "ecg_jepa",
                prefixes: &[""],
                marks: &[
                    "W_P.weight",
                    "pos_embed",
                    "encoder_blocks.blocks.0.attn.qkv.weight",
                ],
                heads: &[],
                saliency: false,
                sample_rate_hz: 250.0,
                rows: 8,
            },
            Self::StMem => Layout {
                name: "st_mem",
                prefixes: &["encoder.", ""],
                marks: &[
                    "to_patch_embedding.2.weight",
                    "sep_embedding",
                    "lead_embeddings.0",
                ],
                heads: &["head.weight"],
                saliency: false,
                sample_rate_hz: 250.0,
                rows: 12,
            },
            Self::Merl => Layout {
                name: "merl",
                prefixes: &["ecg_encoder.", ""],
                marks: &["conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight"],
                heads: &[],
                saliency: false,
                sample_rate_hz: 500.0,
                rows: 12,
            },
        }
    }

    /// Name, as cards spell it.
    pub fn name(self) -> &'static str {
        self.layout().name
    }

    /// Samples per second that the published models of the family were trained on.
    pub fn sample_rate_hz(self) -> f64 {
        self.layout().sample_rate_hz
    }

    /// Rows of the published models' input: leads, or 1 where leads are put one after another.
    pub fn rows(self) -> i64 {
        self.layout().rows
    }

    /// Names, as a file has them, of the weight whose rows are the labels; none in a family of encoders.
    pub fn head_weights(self) -> &'static [&'static str] {
        self.layout().heads
    }

    /// Name of that weight in a file of the head alone, of a family whose own checkpoints have none.
    pub fn separate_head(self) -> Option<&'static str> {
        (self == Self::Merl).then_some("linear.weight")
    }

    /// Names of the outputs of a model: logits where it has a head, the embedding, and saliency where the family has it.
    pub fn outputs(self, has_head: bool) -> Vec<&'static str> {
        let logits = has_head.then_some("logits");
        let saliency = self.layout().saliency.then_some("saliency");
        logits.into_iter().chain(["embedding"]).chain(saliency).collect()
    }

    /// The beginning that the names of a checkpoint's weights have in common, where the checkpoint is of the family.
    ///
    /// # Errors
    /// The names that are missing, behind the prefix that has most of them.
    pub fn prefix_of(self, names: &BTreeSet<&str>) -> Result<&'static str, Vec<String>> {
        let layout = self.layout();
        let missing_behind = |prefix: &str| -> Vec<String> {
            let marks = layout.marks.iter().map(|mark| format!("{prefix}{mark}"));
            marks.filter(|name| !names.contains(name.as_str())).collect()
        };
        let mut closest: Option<Vec<String>> = None;
        for prefix in layout.prefixes {
            let missing = missing_behind(prefix);
            if missing.is_empty() {
                return Ok(prefix);
            }
            if closest.as_ref().is_none_or(|best| missing.len() < best.len()) {
                closest = Some(missing);
            }
        }
        Err(closest.unwrap_or_default())
    }

    /// The family of a checkpoint by the names of its weights, without prefixes of training tools.
    ///
    /// # Errors
    /// Of every family the names that are missing.
    ///
    /// ```
    /// use ecgfm_stage_params::ModelFamily;
    /// let names = ["W_P.weight", "pos_embed", "encoder_blocks.blocks.0.attn.qkv.weight"];
    /// assert_eq!(ModelFamily::recognise(&names.into()), Ok(ModelFamily::EcgJepa));
    /// ```
    pub fn recognise(names: &BTreeSet<&str>) -> Result<Self, Vec<FamilyMismatch>> {
        let mut tried = Vec::new();
        for family in Self::ALL {
            match family.prefix_of(names) {
                Ok(_) => return Ok(family),
                Err(missing) => tried.push(FamilyMismatch { family, missing }),
            }
        }
        Err(tried)
    }
}

impl fmt::Display for ModelFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Family that a checkpoint is not of, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyMismatch {
    /// The family.
    pub family: ModelFamily,
    /// Names of weights that each of its checkpoints has and this one lacks.
    pub missing: Vec<String>,
}

impl fmt::Display for FamilyMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: no {}", self.family, self.missing.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_known_by_its_own_marks_and_by_no_others() {
        for family in ModelFamily::ALL {
            for prefix in family.layout().prefixes {
                let names: Vec<String> = family
                    .layout()
                    .marks
                    .iter()
                    .map(|mark| format!("{prefix}{mark}"))
                    .collect();
                let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
                assert_eq!(ModelFamily::recognise(&names), Ok(family), "{names:?}");
                assert_eq!(family.prefix_of(&names), Ok(*prefix));
            }
        }
    }

    #[test]
    fn a_checkpoint_of_no_family_is_told_what_each_lacks() {
        let tried = ModelFamily::recognise(&["conv1.weight", "bn1.running_mean"].into()).unwrap_err();
        assert_eq!(tried.len(), ModelFamily::ALL.len());
        let merl = tried.last().unwrap();
        assert_eq!(merl.to_string(), "merl: no layer1.0.conv1.weight");
    }
}
