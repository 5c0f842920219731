//! Logits or probabilities: what a model returned, as it is recorded or given, and never by guess.

use crate::error::{Error, Result};
use crate::predict::params::Params;
use ecgfm_artifacts::columns::SEGMENT;
use ecgfm_artifacts::logits::{InferenceRecord, Logits};
use ecgfm_artifacts::stage_params::{Returns, ValueRange};
use ecgfm_artifacts::table;
use rayon::prelude::*;

/// Values that one thread looks at.
const CHUNK: usize = 1 << 16;

/// Returns what the values are: as the inference recorded it, or as `predict.returns` says.
///
/// # Errors
/// Both say it and contradict each other; neither says it, and every value is from 0 to 1; a value is no probability of a
/// model that is said to return them.
pub(crate) fn find_returns(params: &Params, logits: &Logits, names: &[&str]) -> Result<Returns> {
    let recorded = InferenceRecord::read(&params.logits)?.returns;
    if let (Some(given), Some(recorded)) = (params.returns, recorded)
        && given != recorded
    {
        let what = format!(
            "`{given}`, and the inference recorded that the model returned {recorded}; leave it out, or say it in `infer.returns`"
        );
        return Err(Error::Parameter {
            name: "returns",
            what,
        });
    }
    match params.returns.or(recorded) {
        Some(Returns::Logits) => Ok(Returns::Logits),
        Some(Returns::Probabilities) => {
            let outside = |value: &f32| value_range(&[*value]).leaves_unit_interval();
            match logits.values.par_iter().position_first(outside) {
                None => Ok(Returns::Probabilities),
                Some(at) => Err(no_probability(params, logits, names, at)?),
            }
        }
        None => {
            let leaves = logits
                .values
                .par_chunks(CHUNK)
                .any(|values| value_range(values).leaves_unit_interval());
            let any = logits.values.par_iter().any(|value| value.is_finite());
            if any && !leaves {
                let what = "needed: nothing says whether the model returned logits or probabilities, and every value lies \
                            between 0 and 1, as probabilities do. Say `returns: probabilities` where it ends in a sigmoid or \
                            a softmax, `returns: logits` where it does not";
                return Err(Error::Parameter {
                    name: "returns",
                    what: what.to_owned(),
                });
            }
            Ok(Returns::Logits)
        }
    }
}

fn value_range(values: &[f32]) -> ValueRange {
    let mut range = ValueRange::default();
    range.add(values);
    range
}

fn no_probability(params: &Params, logits: &Logits, names: &[&str], at: usize) -> Result<Error> {
    let (row, label) = (at / logits.labels, at % logits.labels);
    let segments = table::str_column(&params.logits, &logits.index, SEGMENT)?;
    let what = format!(
        "the model is said to return probabilities, and segment `{}` has {} for `{}`; say `returns: logits`",
        segments.get(row).unwrap_or_default(),
        logits.values[at],
        names.get(label).copied().unwrap_or_default()
    );
    Ok(Error::keys(&params.logits, what))
}
