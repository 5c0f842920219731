//! `infer.json`: the record of how logits were computed, beside them.

use crate::error::{Error, Result};
use crate::json::{read_json, write_json};
use crate::presence::exists;
use ecgfm_stage_params::{LabelNames, Returns, SaliencyPer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// File name of the record of how they were computed.
pub const RECORD_FILE: &str = "infer.json";

/// Record of an inference. The stage `infer` says what it knows; a record of an older version or of other hands may lack any of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InferenceRecord {
    /// Changes by a reduced precision; none where the run was in float32.
    pub against_float32: Option<PrecisionComparison>,
    /// Name of the runtime, as in `torchscript`.
    pub backend: Option<String>,
    /// Segments in a batch.
    pub batch_size: Option<usize>,
    /// Origin of the batch size: given, fixed or found by a sweep.
    pub batch_size_by: Option<String>,
    /// The device, as in `cpu` or `cuda:0`.
    pub device: Option<String>,
    /// Devices that computed parts of the outputs, where they are not all of one: such outputs may differ in their last bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<String>>,
    /// Shape of a segment's embedding.
    pub embedding_shape: Option<Vec<usize>>,
    /// The model held against what it returned when it was exported; none where its card names no golden vectors.
    pub golden: Option<GoldenComparison>,
    /// Names of the labels, in the order of the logits.
    pub label_names: Option<Vec<String>>,
    /// Name of the label set.
    pub label_set: Option<String>,
    /// Hash of the label set.
    pub label_set_hash: Option<String>,
    /// Number of labels, the width of the logits; 0 from an encoder.
    pub labels: Option<usize>,
    /// Leads of a segment.
    pub leads: Option<usize>,
    /// Version of libtorch.
    pub libtorch: Option<String>,
    /// SHA-256 of the model file.
    pub model_sha256: Option<String>,
    /// Keys of the first segments with non-finite logits.
    pub non_finite_segments: Option<Vec<String>>,
    /// Notices to every reader of results: that ECGs are synthetic, that a model is a demonstration.
    pub notices: Option<Vec<String>>,
    /// The precision, as in `float32`.
    pub precision: Option<String>,
    /// Kind of the values for the labels.
    #[serde(deserialize_with = "parse_returns")]
    pub returns: Option<Returns>,
    /// Origin of `returns`: a parameter, the model's card or the values themselves.
    pub returns_by: Option<String>,
    /// Tokens that saliency has a value for; none where there is no saliency, or from the time when it was always per key.
    pub saliency_per: Option<SaliencyPer>,
    /// Shape of a segment's saliency.
    pub saliency_shape: Option<Vec<usize>>,
    /// Samples of a segment.
    pub samples: Option<usize>,
}

/// Largest changes of a reduced precision against float32, over the first segments of a run. A change from or to NaN is infinite, which
/// JSON has as `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrecisionComparison {
    /// Segments compared.
    pub segments: usize,
    /// Largest change of a value of the embedding, from an encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_embedding_change: Option<f64>,
    /// Largest change of a value of the saliency, from an encoder that was asked for nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_saliency_change: Option<f64>,
    /// Largest change of a logit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_logit_change: Option<f64>,
    /// Largest change of a probability; none from an encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_probability_change: Option<f64>,
    /// Largest change of a probability without a warning: the parameter `precision_bound`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
}

/// Outputs of a model for its golden inputs, held against what it returned when it was exported, before the first batch, on the run's
/// device and in its precision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GoldenComparison {
    /// Inputs that were run.
    pub inputs: usize,
    /// Largest difference of each output that was compared, as a share of the output's largest value.
    pub largest_differences: BTreeMap<String, f64>,
    /// Largest difference that is not refused.
    pub tolerance: f64,
}

impl GoldenComparison {
    /// Adds the comparison of the same model on another device: the larger difference of each output stays.
    pub fn join(&mut self, other: Self) {
        (self.inputs, self.tolerance) = (other.inputs, other.tolerance);
        for (output, difference) in other.largest_differences {
            let largest = self.largest_differences.entry(output).or_default();
            *largest = largest.max(difference);
        }
    }
}

impl InferenceRecord {
    /// Reads the record in `dir`; empty where there is none, as beside logits of another program.
    ///
    /// # Errors
    /// The record cannot be read, or a value is not of its type.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(RECORD_FILE);
        match exists(&path)? {
            true => read_json(&path),
            false => Ok(Self::default()),
        }
    }

    /// Writes the record into `dir`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join(RECORD_FILE), &self.facts()?)
    }

    /// What is known, by name, in alphabetical order.
    ///
    /// # Errors
    /// None in practice: every value has a form in JSON.
    pub fn facts(&self) -> Result<BTreeMap<String, Value>> {
        let invalid = |e: serde_json::Error| Error::invalid(Path::new(RECORD_FILE), e.to_string());
        let all: BTreeMap<String, Value> =
            serde_json::from_value(serde_json::to_value(self).map_err(invalid)?).map_err(invalid)?;
        Ok(all.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }

    /// Labels in the order of the logits; none where the record does not name them. A label set without a name is named by nothing.
    pub fn labels_by_name(&self) -> Option<LabelNames> {
        Some(LabelNames {
            name: self.label_set.clone().unwrap_or_default(),
            hash: self.label_set_hash.clone(),
            labels: self.label_names.clone()?,
        })
    }

    /// Adds the labels in the order of the logits.
    pub fn set_labels_by_name(&mut self, names: LabelNames) {
        self.label_set = Some(names.name);
        self.label_set_hash = names.hash;
        self.label_names = Some(names.labels);
    }
}

/// Parses the name of a kind of values, so that a wrong one is refused in the words of the parameter `returns`.
fn parse_returns<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Returns>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    let returns = name.map(|name| name.parse::<Returns>()).transpose();
    returns.map_err(|what| serde::de::Error::custom(format!("`returns`: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_in_alphabetical_order_without_what_is_unknown_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let record = InferenceRecord {
            against_float32: Some(PrecisionComparison {
                segments: 5,
                largest_logit_change: Some(f64::INFINITY),
                largest_probability_change: Some(0.25),
                bound: Some(0.01),
                ..PrecisionComparison::default()
            }),
            returns: Some(Returns::Logits),
            device: Some("cpu".into()),
            saliency_per: Some(SaliencyPer::Query),
            labels: Some(26),
            ..InferenceRecord::default()
        };
        record.write(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join(RECORD_FILE)).unwrap();
        let compact: String = text.split_whitespace().collect();
        assert_eq!(
            compact,
            "{\"against_float32\":{\"segments\":5,\"largest_logit_change\":null,\"largest_probability_change\":0.25,\
             \"bound\":0.01},\"device\":\"cpu\",\"labels\":26,\"returns\":\"logits\",\"saliency_per\":\"query\"}"
        );
        let read = InferenceRecord::read(dir.path()).unwrap();
        assert_eq!((read.returns, read.labels), (record.returns, record.labels));
        assert_eq!(read.saliency_per, record.saliency_per);
    }

    #[test]
    fn comparisons_on_several_devices_keep_the_largest_differences() {
        let of = |logits: f64, embedding: f64| GoldenComparison {
            inputs: 3,
            largest_differences: [("logits".to_owned(), logits), ("embedding".to_owned(), embedding)].into(),
            tolerance: 0.02,
        };
        let mut joined = GoldenComparison::default();
        joined.join(of(1e-7, 0.0));
        joined.join(of(1e-8, 1e-6));
        assert_eq!(joined, of(1e-7, 1e-6));
    }

    #[test]
    fn logits_of_another_program_have_no_record_and_a_record_may_be_short() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(
            InferenceRecord::read(dir.path()).unwrap(),
            InferenceRecord::default()
        );
        std::fs::write(dir.path().join(RECORD_FILE), "{\"more\": 1}").unwrap();
        assert_eq!(InferenceRecord::read(dir.path()).unwrap().labels_by_name(), None);
    }
}
