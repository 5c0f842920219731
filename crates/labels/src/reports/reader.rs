//! Reports read by rules.

use super::pattern::PatternList;
use super::polarity::{Certainty, CueList, StatedFinding, StatementState};
use super::words::{Token, tokenize};
use crate::cells::{CellReader, CellTruth};
use crate::error::Result;
use crate::params::{Negation, Uncertain};
use ecgfm_artifacts::labelset::{LabelSet, TextRules};
use std::collections::{BTreeSet, HashMap};

/// Reader of reports.
pub(crate) struct ReportReader {
    /// Number of findings, those first that are labels, in the order of the set.
    findings: usize,
    labels: usize,
    statements: PatternList<Vec<usize>>,
    /// Findings that must hold together, and those that follow.
    implied: Vec<(Vec<usize>, Vec<usize>)>,
    cues: CueList,
    either: PatternList<()>,
    ignored: PatternList<()>,
    negation: Negation,
    uncertain: Uncertain,
}

/// Numbers of findings by name.
struct FindingNumbers<'a>(HashMap<&'a str, usize>);

impl<'a> FindingNumbers<'a> {
    fn of(&mut self, names: &'a [String]) -> Vec<usize> {
        let number = |name: &'a String| {
            let next = self.0.len();
            *self.0.entry(name).or_insert(next)
        };
        names.iter().map(number).collect()
    }
}

impl ReportReader {
    /// A reader for the labels of `set`.
    ///
    /// # Errors
    /// A pattern of the rules cannot be understood.
    pub(crate) fn new(
        rules: &TextRules,
        set: &LabelSet,
        negation: Negation,
        uncertain: Uncertain,
    ) -> Result<Self> {
        let mut numbers = FindingNumbers(set.names().into_iter().zip(0..).collect());
        let mut statements = Vec::new();
        for rule in &rules.statements {
            let means = numbers.of(&rule.means);
            statements.extend(rule.text.iter().map(|text| (text.as_str(), means.clone())));
        }
        let implied = rules.implied.iter();
        let implied = implied
            .map(|rule| (numbers.of(&rule.all), numbers.of(&rule.also)))
            .collect();
        let plain =
            |words: &'_ [String]| PatternList::new(&rules.name, words.iter().map(|word| (word.as_str(), ())));
        Ok(Self {
            findings: numbers.0.len(),
            labels: set.labels.len(),
            statements: PatternList::new(&rules.name, statements)?,
            implied,
            cues: CueList::new(rules)?,
            either: plain(&rules.either)?,
            ignored: plain(&rules.ignored)?,
            negation,
            uncertain,
        })
    }

    /// Findings of a statement; words that nothing matches go to `leftovers`, those side by side together.
    fn read_statement(&self, mut tokens: &[Token], leftovers: &mut BTreeSet<String>) -> Vec<StatedFinding> {
        let mut state = StatementState::default();
        let mut unmatched: Vec<&str> = Vec::new();
        while let Some((first, rest)) = tokens.split_first() {
            let length = self.read_phrase(tokens, &mut state);
            match (length, first.word()) {
                (None, Some(word)) => unmatched.push(word),
                _ => keep_phrase(&mut unmatched, leftovers),
            }
            if *first == Token::Comma {
                state.take_comma((0..rest.len()).any(|at| self.either.find(&rest[at..]).is_some()));
            }
            tokens = &tokens[length.unwrap_or(1)..];
        }
        keep_phrase(&mut unmatched, leftovers);
        state.findings
    }

    /// Number of tokens that a statement, a cue or something that says nothing has where `tokens` begin.
    fn read_phrase(&self, tokens: &[Token], state: &mut StatementState) -> Option<usize> {
        if let Some((means, length)) = self.statements.find(tokens) {
            means.iter().for_each(|finding| state.add(*finding));
            return Some(length);
        }
        let ignored = || self.ignored.find(tokens).map(|(_, length)| length);
        let number = || {
            let word = tokens.first()?.word()?;
            word.bytes().all(|b| b.is_ascii_digit()).then_some(1)
        };
        state
            .take_cue(&self.cues, tokens)
            .or_else(ignored)
            .or_else(number)
    }

    /// Certainty of every finding, those that follow from others included.
    fn certainties(&self, stated: &[StatedFinding]) -> Vec<Certainty> {
        let mut certainty = vec![Certainty::Absent; self.findings];
        for of in stated {
            let level = match (of.denied && self.negation == Negation::Honour, of.uncertain) {
                (true, _) => Certainty::Absent,
                (false, true) => Certainty::Uncertain,
                (false, false) => Certainty::Stated,
            };
            certainty[of.finding] = certainty[of.finding].max(level);
        }
        // What follows may be a premise in turn; levels only rise, so that this ends.
        let mut changed = true;
        while changed {
            changed = false;
            for (all, also) in &self.implied {
                let level = all
                    .iter()
                    .map(|finding| certainty[*finding])
                    .min()
                    .unwrap_or(Certainty::Absent);
                for finding in also {
                    if certainty[*finding] < level {
                        certainty[*finding] = level;
                        changed = true;
                    }
                }
            }
        }
        certainty
    }
}

impl CellReader for ReportReader {
    fn read_cell(&self, cell: &str) -> std::result::Result<CellTruth, String> {
        let tokens = tokenize(cell);
        if !tokens.iter().any(|token| token.word().is_some()) {
            return Ok(CellTruth::default());
        }
        let mut leftovers = BTreeSet::new();
        let statements = tokens.split(|token| *token == Token::End);
        let stated: Vec<StatedFinding> = statements
            .flat_map(|statement| self.read_statement(statement, &mut leftovers))
            .collect();
        let truth = |certainty: &Certainty| match (certainty, self.uncertain) {
            (Certainty::Stated, _) | (Certainty::Uncertain, Uncertain::Positive) => Some(true),
            (Certainty::Absent, _) | (Certainty::Uncertain, Uncertain::Negative) => Some(false),
            (Certainty::Uncertain, Uncertain::Missing) => None,
        };
        Ok(CellTruth {
            labels: self.certainties(&stated)[..self.labels]
                .iter()
                .map(truth)
                .collect(),
            leftovers,
        })
    }
}

/// Moves a phrase of unmatched words to the leftovers.
fn keep_phrase(unmatched: &mut Vec<&str>, leftovers: &mut BTreeSet<String>) {
    if !unmatched.is_empty() {
        leftovers.insert(unmatched.join(" "));
        unmatched.clear();
    }
}

#[cfg(test)]
mod tests;
