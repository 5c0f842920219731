//! The stage: reads, assigns, writes, counts.

use crate::error::{Error, Result};
use crate::params::{Params, check_names};
use crate::records::ExamRecords;
use crate::segments::{find_exams, write_segments};
use crate::{assign, fractions};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{parallel, segments, splits};
use polars::prelude::*;

/// Runs the stage.
///
/// # Errors
/// Fractions and names do not fit; a column is missing; a segment's recording is not among the records.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let shares = fractions::complete_fractions(&params.fractions, params.names.len())?;
    check_names(&params.names)?;
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
    let kept = split.frame.height();
    let mut outcome = Outcome::default()
        .count("read", all.frame.height())
        .count("filtered", all.frame.height() - split.assigned.len())
        .count("out_of_period", split.assigned.len() - kept)
        .count("kept", kept)
        .fact("seed", params.seed);
    for (i, name) in params.names.iter().enumerate() {
        outcome = outcome.count(
            &format!("exams_{name}"),
            split.assigned.iter().filter(|a| **a == Some(i)).count(),
        );
    }
    if split.without_group > 0 {
        outcome = outcome.count("exams_without_group", split.without_group);
    }
    if let Some((written, left_out)) = of_segments {
        outcome = outcome
            .count("segments", written)
            .count("segments_left_out", left_out);
    }
    Ok(outcome)
}

/// The exams that have a split.
struct SplitExams {
    /// idx, save_file, split and the carried columns of each.
    frame: DataFrame,
    /// The number of the split of every exam that was not filtered out; none where it lies out of its period.
    assigned: Vec<Option<usize>>,
    /// True for each of all exams that was not filtered out.
    included: Vec<bool>,
    /// Exams whose group is not known, each of which was split by itself.
    without_group: usize,
}

impl SplitExams {
    fn of(all: &ExamRecords, params: &Params, shares: &[f64]) -> Result<Self> {
        let included = all.included(params)?;
        let exams = all.select(&included)?;
        let assigned = assign::assign_splits(&exams, params, shares)?;
        let frame = exams.with_splits(params, &assigned.split_of)?;
        Ok(Self {
            frame,
            assigned: assigned.split_of,
            included,
            without_group: assigned.without_group,
        })
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
