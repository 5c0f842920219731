//! Pooling of segments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pooling of the segments of one ECG into one probability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The mean over segments.
    #[default]
    Mean,
    /// The largest of the segments, for what may show in one of them only.
    Max,
    /// 1 − Π (1 − p): at least one of them, were they independent.
    NoisyOr,
}
