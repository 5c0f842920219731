//! Methods behind the figures, in words, where they differ from run to run.

use ecgfm_artifacts::evaluation::{MappingUsed, PairUsed};
use ecgfm_artifacts::labelset::Pool;

/// Sentence on how the segments of an ECG became one probability.
pub fn pooling_sentence(mapping: &MappingUsed) -> String {
    let mut ways: Vec<(Pool, Vec<&str>)> = Vec::new();
    let mut unknown = Vec::new();
    for pair in &mapping.pairs {
        if pair.pool.is_empty() {
            unknown.push(pair.to.as_str());
        }
        for (label, pool) in pooled_labels(pair) {
            match ways.iter_mut().find(|(way, _)| *way == pool) {
                Some((_, labels)) => labels.push(label),
                None => ways.push((pool, vec![label])),
            }
        }
    }
    if let ([(pool, _)], true) = (&ways[..], unknown.is_empty()) {
        return format!("An ECG’s probability is {} of its segments’.", pool_words(*pool));
    }
    let mut parts: Vec<String> = ways
        .iter()
        .map(|(pool, labels)| format!("for {} {} of its segments’", labels.join(", "), pool_words(*pool)))
        .collect();
    if !unknown.is_empty() {
        parts.push(format!(
            "for {} what the label set says (the evaluation did not record it)",
            unknown.join(", ")
        ));
    }
    format!("An ECG’s probability is {}.", parts.join("; "))
}

/// The model's labels of a pair with how each is pooled.
fn pooled_labels(pair: &PairUsed) -> Vec<(&str, Pool)> {
    match pair.pool[..] {
        [pool] => vec![(pair.from.as_str(), pool)],
        _ => pair.from.split(" + ").zip(pair.pool.iter().copied()).collect(),
    }
}

fn pool_words(pool: Pool) -> &'static str {
    match pool {
        Pool::Mean => "the mean",
        Pool::Max => "the largest",
        Pool::NoisyOr => "1 − Π(1 − p)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(pairs: &[(&str, &[Pool])]) -> String {
        let pair = |(from, pool): &(&str, &[Pool])| PairUsed {
            from: (*from).to_owned(),
            to: format!("{from} of the truth"),
            title: String::new(),
            pool: pool.to_vec(),
        };
        pooling_sentence(&MappingUsed {
            name: String::new(),
            from: String::new(),
            to: String::new(),
            pairs: pairs.iter().map(pair).collect(),
            unmapped: vec![],
            unmapped_truth: vec![],
        })
    }

    #[test]
    fn one_way_of_pooling_is_told_once_and_several_label_by_label() {
        use Pool::{Max, Mean, NoisyOr};
        assert_eq!(
            sentence(&[("AF", &[Mean]), ("SB", &[Mean])]),
            "An ECG’s probability is the mean of its segments’."
        );
        assert_eq!(
            sentence(&[("AF", &[NoisyOr])]),
            "An ECG’s probability is 1 − Π(1 − p) of its segments’."
        );
        assert_eq!(
            sentence(&[("AF + AFL", &[Mean, Max]), ("SB", &[Mean])]),
            "An ECG’s probability is for AF, SB the mean of its segments’; for AFL the largest of its segments’."
        );
        assert_eq!(
            sentence(&[("AF", &[]), ("SB", &[Max])]),
            "An ECG’s probability is for SB the largest of its segments’; for AF of the truth what the label set says (the \
             evaluation did not record it)."
        );
    }
}
