//! Columns of SCP-ECG statements with likelihoods, as PTB-XL's `scp_codes`: the text of a Python dictionary.

use crate::cells::{CellReader, CellTruth};
use ecgfm_artifacts::labelset::LabelSet;
use std::collections::HashMap;

/// Reader of cells such as `{'NORM': 100.0, 'SR': 0.0}`.
pub(crate) struct ScpReader {
    labels: usize,
    /// Labels of each statement.
    of_statement: HashMap<String, Vec<usize>>,
    /// Smallest likelihood in percent of a statement that counts.
    likelihood: f64,
}

impl ScpReader {
    /// A reader for the labels of `set`.
    pub(crate) fn new(set: &LabelSet, likelihood: f64) -> Self {
        let mut of_statement: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, label) in set.labels.iter().enumerate() {
            for statement in &label.scp {
                of_statement.entry(statement.clone()).or_default().push(at);
            }
        }
        Self {
            labels: set.labels.len(),
            of_statement,
            likelihood,
        }
    }

    /// Returns true where a statement counts. PTB-XL writes 0 for a likelihood that is not known, as of every statement of rhythm
    /// and form: such a statement was made all the same.
    fn counts(&self, likelihood: f64) -> bool {
        likelihood == 0.0 || likelihood >= self.likelihood
    }
}

impl CellReader for ScpReader {
    fn read_cell(&self, cell: &str) -> Result<CellTruth, String> {
        let statements = parse_statements(cell)?;
        let mut truth = CellTruth::default();
        for (statement, likelihood) in statements {
            truth.labels.resize(self.labels, Some(false));
            match self.of_statement.get(statement) {
                Some(labels) if self.counts(likelihood) => {
                    labels.iter().for_each(|label| truth.labels[*label] = Some(true));
                }
                Some(_) => {}
                None => drop(truth.leftovers.insert(statement.to_owned())),
            }
        }
        Ok(truth)
    }
}

/// Statements and their likelihoods, out of the text of a Python dictionary. Nothing of it is evaluated.
fn parse_statements(text: &str) -> Result<Vec<(&str, f64)>, String> {
    let wrong =
        |what: &str| format!("is not a dictionary of statements and likelihoods, {{'NORM': 100.0}}: {what}");
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let inner = inner.ok_or_else(|| wrong("it is not between { and }"))?.trim();
    let mut statements: Vec<(&str, f64)> = Vec::new();
    let mut rest = inner;
    while !rest.is_empty() {
        let (statement, after) =
            quoted_text(rest).ok_or_else(|| wrong("a statement is not between quotes"))?;
        let after = after.trim_start().strip_prefix(':');
        let after = after.ok_or_else(|| wrong("a statement has no likelihood"))?;
        let (number, others) = after.split_once(',').unwrap_or((after, ""));
        let likelihood = number.trim().parse().ok().filter(|l| (0.0..=100.0).contains(l));
        let likelihood = likelihood.ok_or_else(|| wrong("a likelihood is not a number from 0 to 100"))?;
        if statements.iter().any(|(known, _)| *known == statement) {
            return Err(wrong("a statement is in it twice"));
        }
        statements.push((statement, likelihood));
        rest = others.trim_start();
    }
    Ok(statements)
}

/// The text between the quotes that `text` begins with, and what comes after them.
fn quoted_text(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (inner, after) = text[1..].split_once(quote)?;
    (!inner.is_empty() && !inner.contains('\\')).then_some((inner, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_dictionary_is_read_and_nothing_else() {
        let read = parse_statements(" {'NORM': 100.0, \"LAO/LAE\":15,'PRC(S)' : 0.0, } ").unwrap();
        assert_eq!(read, [("NORM", 100.0), ("LAO/LAE", 15.0), ("PRC(S)", 0.0)]);
        assert_eq!(parse_statements("{ }").unwrap(), []);
        for wrong in [
            "NORM",
            "{'NORM'}",
            "{'NORM': }",
            "{'NORM': nan}",
            "{'NORM': 101}",
            "{'NORM': -1}",
            "{NORM: 1}",
            "{'NORM: 1}",
            "{'NO\\x52M': 1}",
            "{'NORM': 1, 'NORM': 2}",
            "{'NORM': __import__('os').getpid()}",
            "{'NORM': 1 'SR': 0}",
            "['NORM']",
            "{'': 1}",
        ] {
            assert!(parse_statements(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_statement_counts_from_its_likelihood_on_and_always_where_that_is_not_known() {
        let set = LabelSet::load("ptbxl_superclasses").unwrap();
        let read = |cell: &str, likelihood: f64| {
            let truth = ScpReader::new(&set, likelihood).read_cell(cell).unwrap();
            let holds = set
                .names()
                .into_iter()
                .zip(&truth.labels)
                .filter(|(_, holds)| **holds == Some(true));
            let names: Vec<&str> = holds.map(|(name, _)| name).collect();
            (names.join(","), Vec::from_iter(truth.leftovers).join(","))
        };
        let cell = "{'IMI': 35.0, 'LVH': 100.0, '1AVB': 0.0, 'SR': 0.0}";
        assert_eq!(read(cell, 0.0), ("MI,CD,HYP".into(), "SR".into()));
        assert_eq!(read(cell, 35.0), ("MI,CD,HYP".into(), "SR".into()));
        assert_eq!(read(cell, 50.0), ("CD,HYP".into(), "SR".into()));
        assert_eq!(read("{}", 0.0), (String::new(), String::new()));
    }
}
