//! Segments and ECGs, scored side by side.

use crate::clusters::{Clusters, Patients, cluster_rows};
use crate::error::{Error, Result};
use crate::examples::choose_examples;
use crate::score::score_unit;
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
}

impl UnitScores {
    /// Scores both; `shown` ECGs are chosen a label and kind of decision. Writes `scored.parquet`.
    pub(crate) fn score(
        (segments, ecgs): (&ScoredRows, &ScoredRows),
        patients: Option<&Patients>,
        scoring: &ScoringSettings<'_>,
        shown: usize,
        ctx: &Context<'_>,
    ) -> Result<Self> {
        let of = |unit, rows, clusters: &Clusters| -> Result<UnitMetrics> {
            if ctx.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let metrics = score_unit(unit, rows, clusters, scoring);
            ctx.progress.advance(1);
            Ok(metrics)
        };
        let of_segments = || {
            let clusters = cluster_rows(segments, patients)?;
            of(EvaluationUnit::Segment, segments, &clusters)
        };
        let of_ecgs = || -> Result<(UnitMetrics, Clusters, Vec<Example>)> {
            let clusters = cluster_rows(ecgs, patients)?;
            // What one thread must do alone comes first, so that the others do not wait for it at the end.
            let (written, (metrics, shown)) = rayon::join(
                || scored_ecgs(ecgs, &clusters, scoring.pairs).write(ctx.out),
                || {
                    rayon::join(
                        || of(EvaluationUnit::Ecg, ecgs, &clusters),
                        || choose_examples(ecgs, scoring.pairs, scoring.thresholds, shown),
                    )
                },
            );
            written?;
            Ok((metrics?, clusters, shown))
        };
        let (ecgs, segments) = rayon::join(of_ecgs, of_segments);
        let (segments, (ecgs, clusters, shown)) = (segments?, ecgs?);
        Ok(Self {
            segments,
            ecgs,
            clusters,
            shown,
        })
    }
}

/// The scored ECGs, for comparing runs.
fn scored_ecgs(ecgs: &ScoredRows, clusters: &Clusters, pairs: &[PairUsed]) -> ScoredEcgs {
    let files = ecgs
        .table
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
