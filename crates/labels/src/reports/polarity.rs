//! Denial and doubt: which findings of a statement they concern.

use super::pattern::PatternList;
use super::words::Token;
use crate::error::Result;
use ecgfm_artifacts::labelset::{CueWords, TextRules};

/// How sure a text is of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    /// Not named, or denied.
    Absent,
    /// Possible, probable, not ruled out.
    Uncertain,
    /// Stated.
    Stated,
}

/// Finding of a statement: its number, and what was said about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatedFinding {
    pub(super) finding: usize,
    pub(super) denied: bool,
    pub(super) uncertain: bool,
}

/// Kinds of words that concern findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cue {
    DeniesLater,
    DoubtsLater,
    DeniesEarlier,
    DoubtsEarlier,
    Either,
    EndsDenial,
    EndsDoubt,
}

/// The words of rules that concern findings.
#[derive(Debug)]
pub(super) struct CueList(PatternList<Cue>);

impl CueList {
    /// The cue words of `rules`.
    pub(super) fn new(rules: &TextRules) -> Result<Self> {
        let (denial, doubt) = (&rules.negation, &rules.uncertainty);
        let of =
            |cue: Cue, words: &'_ [String]| words.iter().map(|word| (word.clone(), cue)).collect::<Vec<_>>();
        // `is no longer present` concerns what was named, `no longer` what comes: the first is looked for before.
        let CueWords { before, after, ends } = denial;
        let all = [
            of(Cue::DeniesEarlier, after),
            of(Cue::DoubtsEarlier, &doubt.after),
            of(Cue::DoubtsLater, &doubt.before),
            of(Cue::DeniesLater, before),
            of(Cue::Either, &rules.either),
            of(Cue::EndsDenial, ends),
            of(Cue::EndsDoubt, &doubt.ends),
        ];
        let all = all.iter().flatten().map(|(word, cue)| (word.as_str(), *cue));
        Ok(Self(PatternList::new(&rules.name, all)?))
    }
}

/// Findings of one statement, read from left to right.
#[derive(Debug, Default)]
pub(super) struct StatementState {
    pub(super) findings: Vec<StatedFinding>,
    denied: bool,
    uncertain: bool,
    /// Number of findings before the last mark or word that ends what a denial concerns.
    since: usize,
}

impl StatementState {
    /// Adds a finding that the text names here.
    pub(super) fn add(&mut self, finding: usize) {
        self.findings.push(StatedFinding {
            finding,
            denied: self.denied,
            uncertain: self.uncertain,
        });
    }

    /// Takes a cue word, if the tokens begin with one; returns how many tokens it has.
    pub(super) fn take_cue(&mut self, cues: &CueList, tokens: &[Token]) -> Option<usize> {
        let (cue, length) = cues.0.find(tokens)?;
        let named = &mut self.findings[self.since..];
        match cue {
            Cue::DeniesEarlier => {
                named.iter_mut().for_each(|finding| finding.denied = true);
                self.end_denial();
            }
            Cue::DoubtsEarlier => named.iter_mut().for_each(|finding| finding.uncertain = true),
            Cue::DeniesLater => {
                self.denied = true;
                self.since = self.findings.len();
            }
            Cue::DoubtsLater => self.uncertain = true,
            Cue::Either if !self.denied => {
                if let Some(last) = self.findings.last_mut() {
                    last.uncertain = true;
                    self.uncertain = true;
                }
            }
            Cue::Either => {}
            Cue::EndsDenial => self.end_denial(),
            Cue::EndsDoubt => self.uncertain = false,
        }
        Some(length)
    }

    /// Takes a comma. It ends a denial unless the list goes on to `or`: `no A, B or C`.
    pub(super) fn take_comma(&mut self, goes_on: bool) {
        if !(self.denied && goes_on) {
            self.end_denial();
        }
    }

    fn end_denial(&mut self) {
        self.denied = false;
        self.since = self.findings.len();
    }
}
