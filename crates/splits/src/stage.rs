//! The stage: reads, assigns, writes, counts.

use crate::assign::assign_splits;
use crate::error::{Error, Result};
use crate::folds::LeftOutFolds;
use crate::params::Params;
use crate::records::ExamRecords;
use crate::segments::{find_exams, write_segments};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{parallel, segments, splits};
use polars::prelude::*;

/// Runs the stage.
///
/// # Errors
/// Fractions and names do not fit; a column is missing; a segment's recording is not among the records.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    params.check()?;
    let shares = params.shares()?;
    let (all, segments) = rayon::join(
        || ExamRecords::read(params),
        || params.segments.as_deref().map(segments::read).transpose(),
    );
    let (all, segments) = (all?, segments?);
    let segments = params.segments.as_deref().zip(segments.as_ref());
    let (split, exams_of_segments) = rayon::join(
        || SplitExams::of(&all, params, &shares),
        || segments.map(|segments| find_exams(segments, &all)).transpose(),
    );
    let (split, exams_of_segments) = (split?, exams_of_segments?);
    let mut of_segments = None;
    parallel::run_parallel::<Error>(vec![
        Box::new(|| Ok(splits::write(&ctx.out.join(splits::META_FILE), &split.frame)?)),
        Box::new(|| {
            if let (Some(segments), Some(exams)) = (segments, exams_of_segments) {
                of_segments = Some(write_segments(
                    ctx,
                    segments,
                    &exams,
                    (&split.rows(), &split.frame),
                )?);
            }
            Ok(())
        }),
    ])?;
    if let (Some(folds), Some(column)) = (&split.folds, params.fold_column()) {
        folds
            .notes(column)
            .iter()
            .for_each(|note| ctx.progress.note(note));
    }
    let outcome = split.count_outcome(params, all.frame.height());
    Ok(match of_segments {
        Some((written, left_out)) => outcome
            .count("segments", written)
            .count("segments_left_out", left_out),
        None => outcome,
    })
}

/// The exams that have a split.
struct SplitExams {
    /// idx, save_file, split and the carried columns of each.
    frame: DataFrame,
    /// The number of the split of every exam that was not filtered out; none where it has no split.
    assigned: Vec<Option<usize>>,
    /// True for each of all exams that was not filtered out.
    included: Vec<bool>,
    /// Exams whose group is not known, each of which was split by itself.
    without_group: usize,
    /// Exams that the strategy `column` leaves out; none for the others.
    folds: Option<LeftOutFolds>,
}

impl SplitExams {
    fn of(all: &ExamRecords, params: &Params, shares: &[f64]) -> Result<Self> {
        let included = all.included(params)?;
        let exams = all.select(&included)?;
        if exams.frame.height() == 0 && all.frame.height() > 0 {
            let what = format!(
                "all of its {} exams are left out by `filter_cols` and `dataset_subset`, so that there is none to split",
                all.frame.height()
            );
            return Err(Error::bad_input(&all.path, what));
        }
        let assigned = assign_splits(&exams, params, shares)?;
        let frame = exams.with_splits(params, &assigned.split_of)?;
        Ok(Self {
            frame,
            assigned: assigned.split_of,
            included,
            without_group: assigned.without_group,
            folds: assigned.folds,
        })
    }

    /// What a run records of the `read` exams.
    fn count_outcome(&self, params: &Params, read: usize) -> Outcome {
        let kept = self.frame.height();
        let mut outcome = Outcome::default()
            .count("read", read)
            .count("filtered", read - self.assigned.len())
            .count("kept", kept);
        outcome = match &self.folds {
            Some(folds) => outcome
                .count("exams_of_other_folds", folds.exams())
                .count("exams_without_fold", folds.without_fold)
                .fact("folds_left_out", serde_json::json!(folds.unnamed)),
            None => outcome
                .count("out_of_period", self.assigned.len() - kept)
                .fact("seed", params.seed),
        };
        for (i, name) in params.split_names().iter().enumerate() {
            let exams = self.assigned.iter().filter(|a| **a == Some(i)).count();
            outcome = outcome.count(&format!("exams_{name}"), exams);
        }
        if self.without_group > 0 {
            outcome = outcome.count("exams_without_group", self.without_group);
        }
        outcome
    }

    /// Row of each of all exams in the frame; none where it has no split.
    fn rows(&self) -> Vec<Option<IdxSize>> {
        let (mut assigned, mut row) = (self.assigned.iter(), 0..);
        let place = |included: &bool| {
            let split = if *included { assigned.next()? } else { &None };
            split.and_then(|_| row.next())
        };
        self.included.iter().map(place).collect()
    }
}
