//! What a model returns, logits or probabilities: by configuration, by its card, and never by guess.

use super::Params;
use super::tally::Tally;
use crate::{Error, Result};
use ecgfm_stage_params::{Range, Returns};
use std::path::PathBuf;

/// Segments after which the values of a model are judged of which nobody said what it returns.
const JUDGED: usize = 64;

/// What is known of a model's values, and by whom.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Returned {
    model: PathBuf,
    /// What was said, and by whom.
    said: Option<(Returns, &'static str)>,
}

impl Returned {
    /// What the configuration and the model's card say.
    ///
    /// # Errors
    /// They contradict each other.
    pub(super) fn find(params: &Params, card: Option<Returns>) -> Result<Self> {
        let said = match (params.returns, card) {
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
            said,
        })
    }

    /// Whether the values are probabilities, as far as is known before the model runs.
    pub(super) fn said(&self) -> Option<Returns> {
        self.said.map(|(returns, _)| returns)
    }

    /// Judges the values of a run in progress. It depends on nothing but the values of the segments so far, so that a run in
    /// other batches ends at the same segment.
    ///
    /// # Errors
    /// Nobody says what the model returns, and the values of the first segments are all from 0 to 1; or a value is no
    /// probability of a model that is said to return them.
    pub(super) fn check(&self, tally: &Tally, segment: &str) -> Result<()> {
        match self.said() {
            Some(Returns::Probabilities) if tally.range.leaves_unit_interval() => {
                Err(self.no_probability(&format!("segment `{segment}`"), tally))
            }
            None if tally.segments == JUDGED => self.judge(tally),
            _ => Ok(()),
        }
    }

    /// What the model returns, and by whom that is known, once all segments were seen; none where it gave no finite value.
    ///
    /// # Errors
    /// Nobody says it, and all values are from 0 to 1; or a value is no probability of a model that is said to return them.
    pub(super) fn conclude(&self, tally: &Tally) -> Result<Option<(Returns, &'static str)>> {
        // A value outside of [0, 1] is no probability.
        let logits = tally.range.leaves_unit_interval();
        match self.said() {
            None => self.judge(tally)?,
            // Segments that an interrupted run had answered were not checked one by one in this one.
            Some(Returns::Probabilities) if logits => return Err(self.no_probability("a segment", tally)),
            Some(_) => {}
        }
        Ok(self.said.or(logits.then_some((Returns::Logits, "values"))))
    }

    fn no_probability(&self, segment: &str, tally: &Tally) -> Error {
        self.error(format!(
            "it is said to return probabilities ({}), and {segment} has a value that is none: they reach {}",
            self.said.map_or("", |(_, by)| by),
            words(tally.range)
        ))
    }

    fn judge(&self, tally: &Tally) -> Result<()> {
        if !tally.range.looks_like_probabilities() {
            return Ok(());
        }
        Err(self.error(format!(
            "neither a card nor a parameter says whether it returns logits or probabilities, and all its values for {} \
             segments lie between 0 and 1 ({}), as probabilities do. A sigmoid on top of probabilities would put every \
             label between 0.5 and 0.73",
            tally.segments,
            words(tally.range)
        )))
    }

    fn error(&self, what: String) -> Error {
        Error::Returns {
            path: self.model.clone(),
            what,
        }
    }
}

fn words(range: Range) -> String {
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
    use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
    use std::path::Path;

    const SIGMOID: &str = "-> Tensor:\n    return torch.sigmoid(torch.mean(torch.mul(x, 0.0001), [2]))\n";

    fn ran(params: &Params, out: &Path) -> Result<Outcome> {
        let ctx = Context {
            out,
            home: out,
            progress: &NoProgress,
            cancel: &Cancel::default(),
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
        params.returns = Some(Returns::Probabilities);
        let resumed = ran(&params, dir.path()).unwrap_err().to_string();
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
        let sha = crate::stage::source::sha256(&params.model).unwrap();
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
