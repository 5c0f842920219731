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
    /// Which label is sinus rhythm.
    pub normal: usize,
}

/// The score of decisions, one column a label; undefined where a perfect model would earn what the constant one does.
pub fn score(truth: &[Vec<bool>], decided: &[Vec<bool>], rewards: &Rewards, rows: usize) -> Option<f64> {
    let earned = |decided: &dyn Fn(usize, usize) -> bool| {
        let mut sum = 0.0;
        for row in 0..rows {
            let holds = |label: usize| truth[label][row];
            let either = (0..truth.len()).filter(|&l| holds(l) || decided(l, row)).count();
            let share = 1.0 / either.max(1) as f64;
            for (actual, weights) in rewards.weights.iter().enumerate().filter(|(l, _)| holds(*l)) {
                let got: f64 = weights
                    .iter()
                    .enumerate()
                    .filter(|(l, _)| decided(*l, row))
                    .map(|(_, w)| w)
                    .sum();
                debug_assert!(actual < truth.len());
                sum += share * got;
            }
        }
        sum
    };
    let observed = earned(&|label, row| decided[label][row]);
    let perfect = earned(&|label, row| truth[label][row]);
    let constant = earned(&|label, _| label == rewards.normal);
    (perfect != constant).then(|| (observed - constant) / (perfect - constant))
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
        assert_eq!(score(&truth, &truth, &rewards(), 3), Some(1.0));
        let sinus = [vec![false; 3], vec![false; 3], vec![true; 3]];
        assert_eq!(score(&truth, &sinus, &rewards(), 3), Some(0.0));
        assert_eq!(
            score(&sinus, &sinus, &rewards(), 3),
            None,
            "nothing to gain over the constant model"
        );
    }

    #[test]
    fn a_wrong_label_earns_its_reward_and_thins_the_right_one() {
        // One recording with label 0; 0 and 1 are decided: (1 + 0.5) / 2 of at most 1, and the constant earns 0.
        let truth = [vec![true], vec![false], vec![false]];
        let decided = [vec![true], vec![true], vec![false]];
        assert_eq!(score(&truth, &decided, &rewards(), 1), Some(0.75));
    }
}
