//! Parameters of the stage report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Parameters of the stage report: the run to report on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directory that the evaluate stage wrote.
    pub metrics: PathBuf,
    /// Headline of the page.
    #[serde(default)]
    pub title: Option<String>,
    /// The model's card, `model.json`.
    #[serde(default)]
    pub model: Option<PathBuf>,
    /// `infer.json`: device, precision, and what a reduced precision costs.
    #[serde(default)]
    pub inference: Option<PathBuf>,
    /// Directory of the signals stage: with it, the ECGs that the model was surest about are drawn.
    #[serde(default)]
    pub signals: Option<PathBuf>,
    /// Samples a second of its segments; as their store says if not given, and 500 where that does not say.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default)]
    pub sample_rate: Option<f64>,
    /// Number of the archive's units in a millivolt, where it is known.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default)]
    pub units_per_mv: Option<f64>,
    /// Directory that the infer stage wrote: saliency there is laid over the ECGs.
    #[serde(default)]
    pub saliency: Option<PathBuf>,
    /// Directory that the panel stage wrote: several models side by side, and their differences.
    #[serde(default)]
    pub panel: Option<PathBuf>,
    /// The run's `lock.json`, for stages, devices and times.
    #[serde(default)]
    pub lock: Option<PathBuf>,
    /// `rejected.csv` of the signals stage, for the exams set aside.
    #[serde(default)]
    pub rejected: Option<PathBuf>,
}

impl Params {
    /// A number that nothing can be drawn to scale by: the parameter's name, and what is wrong with it.
    pub fn why_invalid(&self) -> Option<(&'static str, String)> {
        let numbers = [
            ("sample_rate", self.sample_rate, "samples a second"),
            ("units_per_mv", self.units_per_mv, "units a millivolt"),
        ];
        numbers.into_iter().find_map(|(name, value, unit)| {
            let value = value.filter(|v| !(v.is_finite() && *v > 0.0))?;
            Some((name, format!("{value} {unit}; give a number above 0")))
        })
    }
}
