//! Meaning of a model's values, logits or probabilities: by configuration or by its card, never by guess.

use super::Params;
use super::run_stats::RunStats;
use crate::{Error, Result};
use ecgfm_stage_params::{Returns, ValueRange};
use std::path::PathBuf;

/// Number of segments after which the values of a model without a stated meaning are judged.
const JUDGED: usize = 64;

/// Meaning of a model's values, and the source that states it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ReturnedValues {
    model: PathBuf,
    /// Meaning, and the source that states it: `given` or `card`.
    stated: Option<(Returns, &'static str)>,
}

impl ReturnedValues {
    /// Takes the meaning from the configuration or the model's card.
    ///
    /// # Errors
    /// They contradict each other.
    pub(super) fn new(params: &Params, card: Option<Returns>) -> Result<Self> {
        let stated = match (params.returns, card) {
            (Some(given), Some(card)) if given != card => {
                let what = format!(
                    "its card says that it returns {card}, and `returns: {given}` was given; leave the parameter out, or \
                     correct the card"
                );
                return Err(Error::Returns {
                    path: params.model.clone(),
                    what,
                });
            }
            (Some(given), _) => Some((given, "given")),
            (None, card) => card.map(|card| (card, "card")),
        };
        Ok(Self {
            model: params.model.clone(),
            stated,
        })
    }

    /// Meaning of the values, as far as it is known before the model runs.
    pub(super) fn stated(&self) -> Option<Returns> {
        self.stated.map(|(returns, _)| returns)
    }

    /// Checks the values of a run in progress. The check depends on nothing but the values of the segments so far, so that a run in
    /// other batches ends at the same segment.
    ///
    /// # Errors
    /// Nobody says what the model returns, and the values of the first segments are all from 0 to 1; or a value is no
    /// probability of a model that is said to return them.
    pub(super) fn check(&self, stats: &RunStats, segment: &str) -> Result<()> {
        match self.stated() {
            Some(Returns::Probabilities) if stats.range.leaves_unit_interval() => {
                Err(self.not_a_probability(&format!("segment `{segment}`"), stats))
            }
            None if stats.segments == JUDGED => self.judge(stats),
            _ => Ok(()),
        }
    }

    /// Returns the meaning of the values and its source, once all segments were seen; none where it gave no finite value.
    ///
    /// # Errors
    /// Nobody says it, and all values are from 0 to 1; or a value is no probability of a model that is said to return them.
    pub(super) fn conclude(&self, stats: &RunStats) -> Result<Option<(Returns, &'static str)>> {
        // A value outside of [0, 1] is no probability.
        let logits = stats.range.leaves_unit_interval();
        match self.stated() {
            None => self.judge(stats)?,
            // Segments that an interrupted run had answered were not checked one by one in this one.
            Some(Returns::Probabilities) if logits => return Err(self.not_a_probability("a segment", stats)),
            Some(_) => {}
        }
        Ok(self.stated.or(logits.then_some((Returns::Logits, "values"))))
    }

    fn not_a_probability(&self, segment: &str, stats: &RunStats) -> Error {
        self.error(format!(
            "it is said to return probabilities ({}), and {segment} has a value that is none: they reach {}",
            self.stated.map_or("", |(_, by)| by),
            range_text(stats.range)
        ))
    }

    fn judge(&self, stats: &RunStats) -> Result<()> {
        if !stats.range.looks_like_probabilities() {
            return Ok(());
        }
        Err(self.error(format!(
            "neither a card nor a parameter says whether it returns logits or probabilities, and all its values for {} \
             segments lie between 0 and 1 ({}), as probabilities do. A sigmoid on top of probabilities would put every \
             label between 0.5 and 0.73",
            stats.segments,
            range_text(stats.range)
        )))
    }

    fn error(&self, what: String) -> Error {
        Error::Returns {
            path: self.model.clone(),
            what,
        }
    }
}

fn range_text(range: ValueRange) -> String {
    let ends = range.ends();
    ends.map_or_else(String::new, |(lowest, highest)| {
        format!("from {lowest} to {highest}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::run;
    use crate::testing::{LEADS, project, write_model};
    use ecgfm_artifacts::logits::Logits;
    use ecgfm_artifacts::stage::{Cancel, ChunkWork, Context, NoProgress, Outcome, Shard};
    use std::path::Path;

    const SIGMOID: &str = "-> Tensor:\n    return torch.sigmoid(torch.mean(torch.mul(x, 0.0001), [2]))\n";

    fn ran(params: &Params, out: &Path) -> Result<Outcome> {
        ran_in_chunks(params, out, None)
    }

    fn ran_in_chunks(params: &Params, out: &Path, chunks: Option<ChunkWork<'_>>) -> Result<Outcome> {
        let ctx = Context {
            out,
            home: out,
            progress: &NoProgress,
            cancel: &Cancel::default(),
            chunks,
        };
        run(params, &ctx)
    }

    #[test]
    fn a_model_whose_values_may_be_probabilities_is_asked_about_and_what_is_said_is_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let mut params = project(dir.path(), 5);
        write_model(&params.model, SIGMOID);
        params.returns = None;
        let error = ran(&params, dir.path()).unwrap_err();
        assert!(matches!(error, Error::Returns { .. }));
        let message = error.to_string();
        assert!(
            message.contains("all its values for 5 segments lie between 0 and 1"),
            "{message}"
        );
        assert!(Logits::read(dir.path(), "test").is_err(), "no result");
        for returns in [Returns::Probabilities, Returns::Logits] {
            params.returns = Some(returns);
            let facts = ran(&params, dir.path()).unwrap().facts;
            assert_eq!(
                (&facts["returns"], &facts["returns_by"]),
                (&returns.name().into(), &"given".into())
            );
        }
    }

    #[test]
    fn the_first_segments_end_a_long_run_whatever_its_batches() {
        let dir = tempfile::tempdir().unwrap();
        let mut params = project(dir.path(), 90);
        write_model(&params.model, SIGMOID);
        params.returns = None;
        for size in [1, 7, 64, 90] {
            params.batch_size = crate::BatchSize::Of(size);
            let message = ran(&params, dir.path()).unwrap_err().to_string();
            assert!(
                message.contains("all its values for 64 segments"),
                "{size}: {message}"
            );
        }
    }

    #[test]
    fn values_outside_of_0_to_1_are_logits_and_are_refused_as_probabilities() {
        let dir = tempfile::tempdir().unwrap();
        let mut params = project(dir.path(), 3);
        params.returns = None;
        let facts = ran(&params, dir.path()).unwrap().facts;
        assert_eq!(
            (&facts["returns"], &facts["returns_by"]),
            (&"logits".into(), &"values".into())
        );
        let (kept, share) = (tempfile::tempdir().unwrap(), Shard::new(1, 1));
        let chunks = |shard| {
            let dir = kept.path();
            Some(ChunkWork { dir, shard })
        };
        ran_in_chunks(&params, dir.path(), chunks(share)).unwrap();
        params.returns = Some(Returns::Probabilities);
        let resumed = ran_in_chunks(&params, dir.path(), chunks(None))
            .unwrap_err()
            .to_string();
        assert!(
            resumed.contains("a segment has a value that is none"),
            "{resumed}"
        );
        let other = tempfile::tempdir().unwrap();
        let message = ran(&params, other.path()).unwrap_err().to_string();
        assert!(
            message.contains("segment `ecg_2_0` has a value that is none: they reach from 2001.5 to 2021.5"),
            "{message}"
        );
    }

    #[test]
    fn a_card_says_what_its_model_returns_and_is_not_contradicted() {
        let dir = tempfile::tempdir().unwrap();
        let mut params = project(dir.path(), 3);
        write_model(&params.model, SIGMOID);
        let sha = crate::stage::segment_source::hash_file(&params.model).unwrap();
        let json = serde_json::json!({
            "format_version": 1, "labels": LEADS, "returns": "probabilities",
            "input": { "leads": LEADS, "min_samples": 1 }, "model": { "sha256": sha },
        });
        std::fs::write(dir.path().join("model.json"), json.to_string()).unwrap();
        params.returns = None;
        let facts = ran(&params, dir.path()).unwrap().facts;
        assert_eq!(
            (&facts["returns"], &facts["returns_by"]),
            (&"probabilities".into(), &"card".into())
        );
        params.returns = Some(Returns::Logits);
        let message = ran(&params, dir.path()).unwrap_err().to_string();
        assert!(
            message.contains("its card says that it returns probabilities"),
            "{message}"
        );
    }
}
