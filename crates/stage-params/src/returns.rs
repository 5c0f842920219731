//! Meaning of a model's values: logits, or probabilities.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Meaning of the values that a model returns for the labels of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Returns {
    /// Any real numbers; the sigmoid of one is a probability.
    Logits,
    /// Numbers from 0 to 1, as after a sigmoid or a softmax.
    Probabilities,
}

impl Returns {
    /// Name, as a configuration spells it.
    ///
    /// ```
    /// use ecgfm_stage_params::Returns;
    /// assert_eq!("probabilities".parse(), Ok(Returns::Probabilities));
    /// assert_eq!(Returns::Logits.to_string(), "logits");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Logits => "logits",
            Self::Probabilities => "probabilities",
        }
    }
}

impl fmt::Display for Returns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Returns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Logits, Self::Probabilities];
        let found = all.into_iter().find(|returns| returns.name() == text);
        found.ok_or_else(|| format!("`{text}`; one of logits, probabilities"))
    }
}

/// Smallest and largest of the finite values that were seen.
///
/// ```
/// use ecgfm_stage_params::ValueRange;
/// let mut range = ValueRange::default();
/// range.add(&[0.25, f32::NAN, 0.75]);
/// assert!(range.looks_like_probabilities());
/// range.add(&[-0.5]);
/// assert!(!range.looks_like_probabilities());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueRange {
    /// Smallest and largest; none where no finite value was seen.
    ends: Option<(f32, f32)>,
}

impl ValueRange {
    /// Distance that a value may lie outside of [0, 1] and count as a probability: a sum of rounded shares may pass 1.
    pub const TOLERANCE: f32 = 1e-5;

    /// Widens the range to these values.
    pub fn add(&mut self, values: &[f32]) {
        for &value in values.iter().filter(|value| value.is_finite()) {
            let (lowest, highest) = self.ends.unwrap_or((value, value));
            self.ends = Some((lowest.min(value), highest.max(value)));
        }
    }

    /// Widens the range to another.
    pub fn join(&mut self, other: Self) {
        let ends = other.ends.map(|(lowest, highest)| [lowest, highest]);
        self.add(ends.as_ref().map_or(&[], |ends| ends));
    }

    /// Returns the smallest and the largest value; none where no finite value was seen.
    pub fn ends(self) -> Option<(f32, f32)> {
        self.ends
    }

    /// Returns true where there were values and all were from 0 to 1; logits of more than a few segments are not.
    pub fn looks_like_probabilities(self) -> bool {
        self.ends.is_some() && !self.leaves_unit_interval()
    }

    /// Returns true where a value is not a probability.
    pub fn leaves_unit_interval(self) -> bool {
        self.ends
            .is_some_and(|(lowest, highest)| lowest < -Self::TOLERANCE || highest > 1.0 + Self::TOLERANCE)
    }
}
