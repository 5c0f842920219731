//! What is known of an example ECG, in words: truth and prediction of every label, the patient, the measured heart rate.

use crate::error::{Error, Result};
use crate::run_card::Fact;
use crate::text::number_text;
use ecgfm_artifacts::columns::{AGE, IS_MALE, SAVE_FILE};
use ecgfm_artifacts::evaluation::{EvaluationUnit, Example, Metrics, SCORED_FILE, ScoredEcgs, exceeds};
use ecgfm_artifacts::records;
use ecgfm_artifacts::table::cell::{is_missing, parse_boolean};
use ecgfm_artifacts::table::{self, Column, ColumnKind};
use std::collections::HashMap;
use std::path::Path;

/// Most labels of which all probabilities are told; of more, those that hold or are predicted.
const ALL_LABELS: usize = 8;

/// Truth, probabilities and patients of the examples.
pub(crate) struct ExampleFacts {
    scored: ScoredEcgs,
    /// Row of each example in `scored`.
    rows: HashMap<String, usize>,
    /// Threshold of each label of `scored`.
    thresholds: Vec<f64>,
    patients: HashMap<String, String>,
}

impl ExampleFacts {
    /// Reads what the evaluation and the records of the signals stage say of `wanted`.
    pub(crate) fn read(
        evaluation: &Path,
        signals: &Path,
        metrics: &Metrics,
        wanted: &[Example],
    ) -> Result<Self> {
        let scored = ScoredEcgs::read(evaluation)?;
        let wanted: std::collections::HashSet<&str> =
            wanted.iter().map(|example| example.save_file.as_str()).collect();
        let files = scored.save_file.iter().enumerate();
        let rows = files
            .filter(|(_, file)| wanted.contains(file))
            .map(|(row, file)| (file.to_owned(), row))
            .collect();
        let labels = metrics
            .unit(EvaluationUnit::Ecg)
            .map_or(&[][..], |unit| &unit.labels);
        let threshold = |name: &String| {
            let label = labels.iter().find(|label| label.label == *name);
            label.map(|label| label.threshold).ok_or_else(|| Error::About {
                path: evaluation.join(SCORED_FILE),
                what: format!("label `{name}` has no metrics: the files are not of one evaluation"),
            })
        };
        let thresholds = scored.labels.iter().map(threshold).collect::<Result<_>>()?;
        let patients = read_patients(&signals.join(records::FILE), |file| wanted.contains(file))?;
        Ok(Self {
            scored,
            rows,
            thresholds,
            patients,
        })
    }

    /// Facts of an example, whose heart rate is `heart_rate` where it could be measured.
    pub(crate) fn of(&self, example: &Example, heart_rate: Option<f64>) -> Vec<Fact> {
        let mut facts = Vec::new();
        if let Some(&row) = self.rows.get(&example.save_file) {
            facts.extend(self.label_facts(row, &example.label));
        }
        if let Some(patient) = self.patients.get(&example.save_file) {
            facts.push(fact("Patient", patient.clone()));
        }
        let measured = match heart_rate {
            Some(rate) => format!("measured {rate:.0}/min"),
            None => "not measured: too few beats in these seconds, or too unclear".to_owned(),
        };
        facts.push(fact("Heart rate", measured));
        facts
    }

    fn label_facts(&self, row: usize, shown: &str) -> [Fact; 3] {
        let scored = &self.scored;
        let names = |holds: &dyn Fn(usize) -> bool| {
            let names: Vec<&str> = (0..scored.labels.len())
                .filter(|&at| holds(at))
                .map(|at| scored.labels[at].as_str())
                .collect();
            names.join(", ")
        };
        let or_none = |names: String| match names.as_str() {
            "" => "none of the labels".to_owned(),
            _ => names,
        };
        let predicted = |at: usize| exceeds(scored.scores[at][row], self.thresholds[at]);
        let mut truth = or_none(names(&|at| scored.truth[at][row] == Some(true)));
        let unknown = names(&|at| scored.truth[at][row].is_none());
        if !unknown.is_empty() {
            truth.push_str(&format!("; not known: {unknown}"));
        }
        let told = |at: &usize| {
            scored.labels.len() <= ALL_LABELS
                || scored.labels[*at] == shown
                || scored.truth[*at][row] == Some(true)
                || predicted(*at)
        };
        let told: Vec<usize> = (0..scored.labels.len()).filter(told).collect();
        let mut probabilities: Vec<String> = told
            .iter()
            .map(|&at| {
                let probability = number_text(f64::from(scored.scores[at][row]));
                format!("{} {probability} ({})", scored.labels[at], self.thresholds[at])
            })
            .collect();
        if told.len() < scored.labels.len() {
            let others = scored.labels.len() - told.len();
            probabilities.push(format!("{others} others neither true nor predicted"));
        }
        [
            fact("Truth", truth),
            fact("Predicted", or_none(names(&predicted))),
            fact("Probability (threshold)", probabilities.join(", ")),
        ]
    }
}

fn fact(name: &str, value: String) -> Fact {
    Fact {
        name: name.to_owned(),
        value,
    }
}

/// Facts as lines of text: what the labels say, a line a fact, and the patient with the heart rate.
pub(crate) fn fact_lines(facts: &[Fact]) -> Vec<String> {
    let line = |facts: &[Fact]| {
        let all: Vec<String> = facts
            .iter()
            .map(|fact| format!("{}: {}", fact.name.to_lowercase(), fact.value))
            .collect();
        all.join(" · ")
    };
    let probabilities = facts.iter().position(|fact| fact.name.starts_with("Probability"));
    let Some(at) = probabilities else {
        return vec![line(facts)];
    };
    vec![line(&facts[..at]), line(&facts[at..=at]), line(&facts[at + 1..])]
}

/// Sex and age of the wanted recordings, as far as the records have them.
fn read_patients(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<HashMap<String, String>> {
    let header = table::read_header(path)?;
    let has = |name: &&str| header.iter().any(|column| column == name);
    let names: Vec<String> = [IS_MALE, AGE]
        .iter()
        .filter(|name| has(name))
        .map(|name| (*name).to_owned())
        .collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let key = Column::new(SAVE_FILE, ColumnKind::Text);
    let frame = table::read_named(path, &[key], &names, ColumnKind::Text)?;
    let files = table::str_column(path, &frame, SAVE_FILE)?;
    let columns = names
        .iter()
        .map(|name| Ok((name.as_str(), table::str_column(path, &frame, name)?)))
        .collect::<Result<Vec<_>>>()?;
    let mut patients = HashMap::new();
    for (row, file) in files.iter().enumerate() {
        let Some(file) = file.filter(|file| wanted(file)) else {
            continue;
        };
        let words = columns.iter().filter_map(|(name, values)| {
            let value = values.get(row).map(str::trim).filter(|v| !is_missing(v))?;
            Some(patient_words(name, value))
        });
        let words: Vec<String> = words.collect();
        if !words.is_empty() {
            patients.insert(file.to_owned(), words.join(", "));
        }
    }
    Ok(patients)
}

fn patient_words(column: &str, value: &str) -> String {
    if column == AGE {
        return format!("age {}", value.strip_suffix(".0").unwrap_or(value));
    }
    match parse_boolean(value) {
        Some(true) => "male".to_owned(),
        Some(false) => "female".to_owned(),
        None => format!("sex {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::evaluation::DecisionOutcome;

    fn facts(labels: usize) -> ExampleFacts {
        let names: Vec<String> = (0..labels).map(|at| format!("L{at}")).collect();
        let mut truth = vec![vec![Some(false)]; labels];
        truth[1] = vec![Some(true)];
        truth[2] = vec![None];
        let mut scores = vec![vec![0.25f32]; labels];
        scores[0] = vec![0.5];
        scores[2] = vec![0.75];
        ExampleFacts {
            scored: ScoredEcgs {
                idx: vec![7],
                save_file: ["a.mat"].into_iter().collect(),
                cluster: vec![0],
                labels: names,
                truth,
                scores,
            },
            rows: HashMap::from([("a.mat".to_owned(), 0)]),
            thresholds: vec![0.5; labels],
            patients: HashMap::from([("a.mat".to_owned(), "female, age 63".to_owned())]),
        }
    }

    fn example() -> Example {
        Example {
            label: "L0".into(),
            verdict: DecisionOutcome::TrueNegative,
            rank: 1,
            idx: 7,
            save_file: "a.mat".into(),
            probability: 0.5,
        }
    }

    #[test]
    fn an_example_tells_every_label_and_not_only_the_one_that_it_is_of() {
        let lines = fact_lines(&facts(3).of(&example(), Some(71.6)));
        assert_eq!(
            lines,
            [
                "truth: L1; not known: L2 · predicted: L2",
                "probability (threshold): L0 0.500 (0.5), L1 0.250 (0.5), L2 0.750 (0.5)",
                "patient: female, age 63 · heart rate: measured 72/min",
            ]
        );
    }

    #[test]
    fn of_many_labels_those_that_matter_are_told_and_a_rate_that_is_not_sure_is_none() {
        let lines = fact_lines(&facts(26).of(&example(), None));
        assert_eq!(
            lines[1],
            "probability (threshold): L0 0.500 (0.5), L1 0.250 (0.5), L2 0.750 (0.5), 23 others neither true nor predicted"
        );
        assert!(
            lines[2].ends_with("heart rate: not measured: too few beats in these seconds, or too unclear")
        );
    }
}
