//! The methods of a run in words: what its `lock.json` and its files say, and what they do not.

mod measured;
mod prepared;
mod words;

use self::words::{join, not_recorded};
use super::lineage::Lineage;
use ecgfm_artifacts::evaluation::Metrics;
use ecgfm_pipeline::Error;
use ecgfm_report::published_text::{Paragraph, PublishedText};

/// The methods of a run, of which `metrics` are the evaluation's and `lineage` is what made it.
///
/// # Errors
/// A file of the run is damaged, or cannot be read.
pub(super) fn methods_text(
    name: &str,
    metrics: &Metrics,
    lineage: Option<&Lineage>,
) -> Result<PublishedText, Error> {
    let card = lineage.map(Lineage::model_card).transpose()?.flatten();
    let segments = lineage.map(Lineage::segments).transpose()?.flatten();
    let parts = [
        ("Data", prepared::data(metrics, lineage)),
        ("Signals", prepared::signals(segments.as_ref(), lineage)),
        ("Model", prepared::model(card.as_ref(), lineage)),
        ("Splits", prepared::splits(metrics, lineage)),
        ("Truth and labels", measured::truth(metrics, lineage)),
        ("Thresholds", measured::thresholds(metrics)),
        ("Statistics", measured::statistics(metrics, lineage)),
        ("Software", software(lineage)),
    ];
    let paragraph = |(heading, sentences): (&str, Vec<String>)| Paragraph {
        heading: heading.to_owned(),
        sentences,
    };
    Ok(PublishedText {
        title: format!("Methods of {name}"),
        notices: metrics.notice.iter().cloned().collect(),
        paragraphs: parts.into_iter().map(paragraph).collect(),
    })
}

fn software(lineage: Option<&Lineage>) -> Vec<String> {
    let Some(lineage) = lineage else {
        return vec![
            not_recorded("program and version"),
            "There is no `lock.json` that has this evaluation: what is written here is from `metrics.json` alone."
                .to_owned(),
        ];
    };
    let versions = lineage.versions();
    let versions = versions
        .iter()
        .map(|(name, versions)| format!("{name} {}", join(versions.iter().copied(), " and ")));
    let versions = join(versions, ", ");
    let (pipeline, profile) = lineage.pipeline();
    vec![
        match versions.as_str() {
            "" => not_recorded("version of its programs"),
            _ => format!("Programs: {versions}."),
        },
        format!(
            "Pipeline `{pipeline}`, profile `{profile}`; its `lock.json` has every parameter and the hash of every file."
        ),
    ]
}
