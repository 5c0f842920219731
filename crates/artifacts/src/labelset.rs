//! Label sets, mappings, scores and rules for text: data, in `configs/`, found by file or by name.

mod definition;
mod label_set;
mod mapping;
mod reward_matrix;
mod text_rules;

pub use definition::Definition;
pub use label_set::{Label, LabelSet, Pool};
pub use mapping::{Combination, LabelPair, LabelSource, Mapping};
pub use reward_matrix::RewardMatrix;
pub use text_rules::{CueWords, ImpliedFindings, StatementRule, TextRules};

#[cfg(test)]
mod tests;
