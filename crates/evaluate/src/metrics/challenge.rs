//! The score of the PhysioNet/Computing in Cardiology Challenge 2021.
//!
//! E. A. Perez Alday et al., Physiol. Meas. 41 (2020) 124003, and M. A. Reyna et al., CinC 2021: a decision earns what a
//! matrix of rewards gives for deciding one diagnosis where another holds, split over the labels of a recording; the sum
//! is put on a scale on which a model that always says sinus rhythm has 0 and a perfect one has 1.

/// Rewards: row for the true label, column for the decided one.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewards {
    /// (labels, labels).
    pub weights: Vec<Vec<f64>>,
    /// Index of the label that is sinus rhythm.
    pub normal: usize,
}

/// Rewards that the decisions on a recording earn, that right ones would, and that always deciding sinus rhythm would.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EarnedRewards {
    /// By the decisions.
    pub observed: f64,
    /// By a perfect model.
    pub perfect: f64,
    /// By a model that always says sinus rhythm.
    pub constant: f64,
}

impl EarnedRewards {
    /// On one recording.
    pub fn of(truth: &[Vec<bool>], decided: &[Vec<bool>], rewards: &Rewards, row: usize) -> Self {
        let earned = |decided: &dyn Fn(usize) -> bool| {
            let holds = |label: usize| truth[label][row];
            let either = (0..truth.len()).filter(|&l| holds(l) || decided(l)).count();
            let share = 1.0 / either.max(1) as f64;
            let of_label = |weights: &Vec<f64>| {
                let got = weights.iter().enumerate().filter(|(l, _)| decided(*l));
                share * got.map(|(_, w)| w).sum::<f64>()
            };
            let held = rewards.weights.iter().enumerate().filter(|(l, _)| holds(*l));
            held.map(|(_, weights)| of_label(weights)).sum()
        };
        Self {
            observed: earned(&|label| decided[label][row]),
            perfect: earned(&|label| truth[label][row]),
            constant: earned(&|label| label == rewards.normal),
        }
    }

    /// The score; undefined where a perfect model would earn what the constant one does.
    pub fn score(self) -> Option<f64> {
        let best = self.perfect - self.constant;
        (best != 0.0).then(|| (self.observed - self.constant) / best)
    }
}

/// The score of decisions, one column a label; undefined where a perfect model would earn what the constant one does.
pub fn challenge_score(
    truth: &[Vec<bool>],
    decided: &[Vec<bool>],
    rewards: &Rewards,
    rows: usize,
) -> Option<f64> {
    let sum = (0..rows).fold(EarnedRewards::default(), |sum, row| {
        let earned = EarnedRewards::of(truth, decided, rewards, row);
        EarnedRewards {
            observed: sum.observed + earned.observed,
            perfect: sum.perfect + earned.perfect,
            constant: sum.constant + earned.constant,
        }
    });
    sum.score()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewards() -> Rewards {
        Rewards {
            weights: vec![vec![1.0, 0.5, 0.0], vec![0.5, 1.0, 0.25], vec![0.0, 0.25, 1.0]],
            normal: 2,
        }
    }

    #[test]
    fn the_scale_has_its_two_ends() {
        let truth = [
            vec![true, false, false],
            vec![false, true, false],
            vec![false, true, true],
        ];
        assert_eq!(challenge_score(&truth, &truth, &rewards(), 3), Some(1.0));
        let sinus = [vec![false; 3], vec![false; 3], vec![true; 3]];
        assert_eq!(challenge_score(&truth, &sinus, &rewards(), 3), Some(0.0));
        assert_eq!(
            challenge_score(&sinus, &sinus, &rewards(), 3),
            None,
            "nothing to gain over the constant model"
        );
    }

    #[test]
    fn a_wrong_label_earns_its_reward_and_thins_the_right_one() {
        // One recording with label 0; 0 and 1 are decided: (1 + 0.5) / 2 of at most 1, and the constant earns 0.
        let truth = [vec![true], vec![false], vec![false]];
        let decided = [vec![true], vec![true], vec![false]];
        assert_eq!(challenge_score(&truth, &decided, &rewards(), 1), Some(0.75));
    }
}
