//! The Challenge's score, where the labels have one.

use crate::error::Result;
use crate::estimate::estimate;
use crate::metrics::challenge::{Rewards, challenge_score};
use ecgfm_artifacts::evaluation::Estimate;
use ecgfm_artifacts::labelset::{Mapping, RewardMatrix};

/// Rewards of the score, or why there is none.
pub(crate) enum ChallengeRewards {
    /// Rewards in the order of the mapped labels.
    Rewards(Rewards),
    /// Reason why there is no score.
    Undefined(String),
}

impl ChallengeRewards {
    /// The matrix called `name` for the mapped labels. The score is defined on all labels of the matrix together, so a
    /// mapping that leaves some out has none.
    pub(crate) fn new(name: &str, mapping: &Mapping) -> Result<Self> {
        let matrix = RewardMatrix::load(name)?;
        if matrix.labels != mapping.from {
            let what = format!(
                "its labels are those of `{}`, not of `{}`",
                matrix.labels, mapping.from
            );
            return Ok(Self::Undefined(what));
        }
        let names = mapping.from_names();
        let wanted = matrix.names().iter().map(String::as_str);
        let missing: Vec<&str> = wanted.filter(|name| !names.contains(name)).collect();
        let one_to_one = names.len() == mapping.map.len();
        let normal = names.iter().position(|name| *name == matrix.normal);
        let (true, true, Some(normal)) = (missing.is_empty(), one_to_one, normal) else {
            let what = format!(
                "the mapping leaves out or merges labels of the score: {}",
                missing.join(", ")
            );
            return Ok(Self::Undefined(what));
        };
        let row = |holds: &&str| {
            let earns = |decided: &&str| matrix.reward(holds, decided).unwrap_or_default();
            names.iter().map(earns).collect()
        };
        Ok(Self::Rewards(Rewards {
            weights: names.iter().map(row).collect(),
            normal,
        }))
    }

    pub(crate) fn score(&self, truth: &[Vec<bool>], decided: &[Vec<bool>], rows: usize) -> Estimate {
        match self {
            Self::Undefined(why) => estimate(None, why),
            Self::Rewards(rewards) => estimate(
                challenge_score(truth, decided, rewards, rows),
                "a perfect model would earn no more than one that always says sinus rhythm",
            ),
        }
    }
}
