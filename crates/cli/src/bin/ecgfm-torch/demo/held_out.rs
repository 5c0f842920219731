//! Scores of the model on synthetic ECGs that it was not trained on.

use super::params::DemoParams;
use super::supply::BatchSupply;
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::stage::Cancel;
use ecgfm_evaluate::metrics::Ranking;
use ecgfm_model::families::Network;
use ecgfm_model::{Weights, train};
use ecgfm_pipeline::StageError;

/// Segments scored at once.
const BATCH: usize = 64;

/// Scores of one label on held-out segments.
pub(super) struct LabelScore {
    pub(super) label: String,
    pub(super) segments: usize,
    pub(super) positives: usize,
    /// None without positives.
    pub(super) auroc: Option<f64>,
    /// Average precision; none without positives.
    pub(super) auprc: Option<f64>,
}

/// Scores of every label, over segments.
pub(super) fn score_labels(
    network: &dyn Network,
    weights: &Weights,
    params: &DemoParams,
    labels: &LabelSet,
    cancel: &Cancel,
) -> Result<Vec<LabelScore>, StageError> {
    let names = labels.names();
    let mut columns = vec![(Vec::new(), Vec::new()); names.len()];
    let mut supply = BatchSupply::new(&params.held_out_ecgs(), params.network, labels, BATCH)?;
    for batch in &mut supply {
        if cancel.is_cancelled() {
            return Err(StageError::interrupted());
        }
        let logits = train::score_batch(network, weights, &batch)?;
        let rows = logits.chunks_exact(names.len());
        for (scores, targets) in rows.zip(batch.targets.chunks_exact(names.len())) {
            for ((truth, score), (t, s)) in columns.iter_mut().zip(targets.iter().zip(scores)) {
                truth.push(*t == 1.0);
                score.push(*s);
            }
        }
    }
    supply.finish()?;
    let columns = columns.iter().zip(names);
    Ok(columns
        .map(|((truth, score), label)| {
            let ranking = Ranking::new(truth, score);
            LabelScore {
                label: label.to_owned(),
                segments: truth.len(),
                positives: truth.iter().filter(|t| **t).count(),
                auroc: ranking.auroc(),
                auprc: ranking.auprc(),
            }
        })
        .collect())
}
