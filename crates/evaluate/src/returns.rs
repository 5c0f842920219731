//! Logits or probabilities: what a model returned, as it is recorded or given, and never by guess.

use crate::error::{Error, Result};
use crate::logit_survey::{LogitSurvey, ValueAt};
use crate::predict::params::Params;
use ecgfm_artifacts::columns::SEGMENT;
use ecgfm_artifacts::logits::{InferenceRecord, LogitsFile};
use ecgfm_artifacts::stage_params::Returns;
use ecgfm_artifacts::table;

/// Returns what the values are: as the inference recorded it, or as `predict.returns` says.
///
/// # Errors
/// Both say it and contradict each other; neither says it, and every value is from 0 to 1; a value is no probability of a
/// model that is said to return them.
pub(crate) fn find_returns(
    params: &Params,
    logits: &LogitsFile,
    survey: &LogitSurvey,
    names: &[&str],
) -> Result<Returns> {
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
        Some(Returns::Probabilities) => match survey.no_probability {
            None => Ok(Returns::Probabilities),
            Some(value) => Err(no_probability(params, logits, names, value)?),
        },
        None if survey.range.looks_like_probabilities() => {
            let what = "needed: nothing says whether the model returned logits or probabilities, and every value lies \
                        between 0 and 1, as probabilities do. Say `returns: probabilities` where it ends in a sigmoid or \
                        a softmax, `returns: logits` where it does not";
            Err(Error::Parameter {
                name: "returns",
                what: what.to_owned(),
            })
        }
        None => Ok(Returns::Logits),
    }
}

fn no_probability(params: &Params, logits: &LogitsFile, names: &[&str], at: ValueAt) -> Result<Error> {
    let segments = table::str_column(&params.logits, &logits.index, SEGMENT)?;
    let what = format!(
        "the model is said to return probabilities, and segment `{}` has {} for `{}`; say `returns: logits`",
        segments.get(at.row).unwrap_or_default(),
        at.value,
        names.get(at.label).copied().unwrap_or_default()
    );
    Ok(Error::keys(&params.logits, what))
}
