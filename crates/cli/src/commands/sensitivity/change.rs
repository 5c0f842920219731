//! How far the probabilities of the same ECGs move.

use super::predicted::{PredictedEcg, PredictedEcgs};
use super::truth::Truth;
use ecgfm_artifacts::evaluation::exceeds;

/// Change of one label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LabelChange {
    pub(super) label: String,
    /// Mean absolute change of its probability.
    pub(super) mean: f64,
    /// Largest absolute change.
    pub(super) max: f64,
    /// Decisions that are others.
    pub(super) flipped: usize,
    /// Label of the truth that it is a part of.
    pub(super) truth: Option<String>,
    /// AUROC of that label.
    pub(super) auroc: Option<f64>,
}

/// Change of all labels by a departure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DepartureChange {
    pub(super) name: String,
    /// ECGs that both recipes predict.
    pub(super) ecgs: usize,
    /// ECGs that the recipe predicts and the departure does not.
    pub(super) lost: usize,
    /// Mean absolute change of a probability.
    pub(super) mean: f64,
    /// Largest absolute change.
    pub(super) max: f64,
    /// Decisions that are others.
    pub(super) flipped: usize,
    /// Decisions: ECGs times labels.
    pub(super) decisions: usize,
    /// Mean AUROC over the labels of the truth that have one.
    pub(super) auroc: Option<f64>,
    /// AUROC by label of the truth.
    pub(super) aurocs: Vec<(String, Option<f64>)>,
    pub(super) labels: Vec<LabelChange>,
}

/// Compares the predictions of a departure with those of the recipe itself.
pub(super) fn compare(
    name: &str,
    given: &PredictedEcgs,
    departed: &PredictedEcgs,
    truth: Option<&Truth>,
) -> DepartureChange {
    let both = given.ecgs.iter();
    let both: Vec<(&PredictedEcg, &PredictedEcg)> = both
        .filter_map(|(ecg, before)| Some((before, departed.ecgs.get(ecg)?)))
        .collect();
    let aurocs = truth.map_or_else(Vec::new, |truth| truth.aurocs(departed));
    let of_label = |(at, label): (usize, &String)| {
        let truth = truth.and_then(|truth| truth.label_of(label)).map(str::to_owned);
        let auroc = aurocs.iter().find(|(name, _)| Some(name) == truth.as_ref());
        let auroc = auroc.and_then(|(_, auroc)| *auroc);
        LabelChange {
            truth,
            auroc,
            ..label_change(label, at, given.thresholds[at], &both)
        }
    };
    let labels: Vec<LabelChange> = given.labels.iter().enumerate().map(of_label).collect();
    let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let means: Vec<f64> = labels.iter().map(|label| label.mean).collect();
    let known: Vec<f64> = aurocs.iter().filter_map(|(_, auroc)| *auroc).collect();
    DepartureChange {
        name: name.to_owned(),
        ecgs: both.len(),
        lost: given.ecgs.len() - both.len(),
        mean: mean_of(&means),
        max: labels.iter().fold(0.0, |most, label| most.max(label.max)),
        flipped: labels.iter().map(|label| label.flipped).sum(),
        decisions: both.len() * labels.len(),
        auroc: (!known.is_empty()).then(|| mean_of(&known)),
        aurocs,
        labels,
    }
}

fn label_change(
    label: &str,
    at: usize,
    threshold: f64,
    both: &[(&PredictedEcg, &PredictedEcg)],
) -> LabelChange {
    let pair = |(before, after): &(&PredictedEcg, &PredictedEcg)| {
        (before.probabilities[at], after.probabilities[at])
    };
    let moved = both
        .iter()
        .map(pair)
        .map(|(before, after)| (after - before).abs());
    let holds = |probability: f64| exceeds(probability as f32, threshold);
    let flipped = both
        .iter()
        .map(pair)
        .filter(|(before, after)| holds(*before) != holds(*after));
    LabelChange {
        label: label.to_owned(),
        mean: moved.clone().sum::<f64>() / both.len().max(1) as f64,
        max: moved.fold(0.0, f64::max),
        flipped: flipped.count(),
        truth: None,
        auroc: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicted(ecgs: &[(&str, [f64; 2])]) -> PredictedEcgs {
        let ecg = |(name, probabilities): &(&str, [f64; 2])| {
            let probabilities = probabilities.to_vec();
            (
                (*name).to_owned(),
                PredictedEcg {
                    idx: 0,
                    probabilities,
                },
            )
        };
        PredictedEcgs {
            labels: vec!["AF".to_owned(), "SB".to_owned()],
            thresholds: vec![0.5, 0.1],
            ecgs: ecgs.iter().map(ecg).collect(),
            notices: Vec::new(),
        }
    }

    #[test]
    fn changes_are_those_of_the_ecgs_that_both_recipes_predict() {
        let given = predicted(&[("a", [0.25, 0.0]), ("b", [0.75, 0.25]), ("c", [1.0, 1.0])]);
        let departed = predicted(&[("a", [0.75, 0.0]), ("b", [0.75, 0.125])]);
        let change = compare("x", &given, &departed, None);
        assert_eq!((change.ecgs, change.lost, change.decisions), (2, 1, 4));
        assert_eq!((change.labels[0].mean, change.labels[0].max), (0.25, 0.5));
        assert_eq!((change.labels[1].mean, change.labels[1].max), (0.0625, 0.125));
        assert_eq!((change.mean, change.max), (0.15625, 0.5));
        // SB of `b` stays above its threshold of 0.1.
        assert_eq!((change.flipped, change.labels[1].flipped), (1, 0));
    }

    #[test]
    fn nothing_moves_where_the_recipe_is_followed() {
        let given = predicted(&[("a", [0.25, 0.0])]);
        let change = compare("x", &given, &given, None);
        assert_eq!(
            (change.mean, change.max, change.flipped, change.lost),
            (0.0, 0.0, 0, 0)
        );
    }
}
