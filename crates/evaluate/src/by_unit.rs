//! Segments and ECGs, scored side by side.

use crate::clusters::{Clusters, Patients, cluster_rows};
use crate::error::{Error, Result};
use crate::examples::choose_examples;
use crate::metrics::row_parts::RowParts;
use crate::resampled::Resamples;
use crate::score::UnitRows;
use crate::scored_rows::ScoredRows;
use crate::scoring::ScoringSettings;
use ecgfm_artifacts::columns::SAVE_FILE;
use ecgfm_artifacts::evaluation::{EvaluationUnit, Example, PairUsed, ScoredEcgs, UnitMetrics};
use ecgfm_artifacts::stage::Context;

/// The statistics of both units, and the ECGs to show.
pub(crate) struct UnitScores {
    pub(crate) segments: UnitMetrics,
    pub(crate) ecgs: UnitMetrics,
    /// Of the ECGs.
    pub(crate) clusters: Clusters,
    pub(crate) shown: Vec<Example>,
    /// Resamples of the groups of ECGs; none where no intervals are asked for.
    pub(crate) group_resamples: Vec<Resamples>,
}

impl UnitScores {
    /// Scores both, and resamples groups of the ECGs with them; `shown` ECGs are chosen a label and kind of decision. Writes
    /// `scored.parquet`.
    pub(crate) fn score(
        (segments, ecgs): (&ScoredRows, &ScoredRows),
        groups: &RowParts,
        patients: Option<&Patients>,
        scoring: &ScoringSettings<'_>,
        shown: usize,
        ctx: &Context<'_>,
    ) -> Result<Self> {
        let (segment_clusters, clusters) = cluster_rows(segments, ecgs, patients)?;
        let prepare = || {
            rayon::join(
                || UnitRows::new(EvaluationUnit::Segment, segments, &segment_clusters, scoring),
                || UnitRows::new(EvaluationUnit::Ecg, ecgs, &clusters, scoring),
            )
        };
        // What one thread must do alone comes first, so that the others do not wait for it at the end.
        let (written, ((mut by_segment, mut by_ecg), shown)) = rayon::join(
            || scored_ecgs(ecgs, &clusters, scoring.pairs).write(ctx.out),
            || {
                rayon::join(prepare, || {
                    choose_examples(ecgs, scoring.pairs, scoring.thresholds, shown)
                })
            },
        );
        written?;
        if ctx.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let units = vec![
            by_segment.rows_to_resample(None),
            by_ecg.rows_to_resample(Some(groups)),
        ];
        let draw = |sampling| Resamples::draw(units, clusters.count, sampling);
        let mut drawn = scoring.sampling.map(draw).unwrap_or_default().into_iter();
        let of_segments = drawn.next().map(|unit| unit.all);
        let (of_ecgs, of_groups) = drawn.next().map(|unit| (unit.all, unit.groups)).unzip();
        ctx.progress.advance(1);
        let (segments, ecgs) = rayon::join(
            || by_segment.metrics(of_segments, scoring.pairs),
            || by_ecg.metrics(of_ecgs, scoring.pairs),
        );
        ctx.progress.advance(1);
        Ok(Self {
            segments,
            ecgs,
            shown,
            group_resamples: of_groups.unwrap_or_default(),
            clusters,
        })
    }
}

/// The scored ECGs, for comparing runs.
fn scored_ecgs(ecgs: &ScoredRows, clusters: &Clusters, pairs: &[PairUsed]) -> ScoredEcgs {
    let files = ecgs
        .keys
        .column(SAVE_FILE)
        .and_then(|column| column.str().cloned());
    let of_label = |(truth, unknown): (&Vec<bool>, &Vec<u32>)| {
        let mut truth: Vec<Option<bool>> = truth.iter().map(|holds| Some(*holds)).collect();
        unknown.iter().for_each(|&row| truth[row as usize] = None);
        truth
    };
    let files = files.map(|files| files.iter().map(Option::unwrap_or_default).collect());
    ScoredEcgs {
        idx: ecgs.idx().collect(),
        save_file: files.unwrap_or_default(),
        cluster: clusters.of_row.clone(),
        labels: pairs.iter().map(|pair| pair.to.clone()).collect(),
        truth: ecgs.truth.iter().zip(&ecgs.unknown).map(of_label).collect(),
        scores: ecgs.scores.clone(),
    }
}
