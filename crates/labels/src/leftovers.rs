//! Text of cells that says nothing about the labels.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that the record of a run lists.
const LISTED: usize = 50;
/// Entries that a message lists.
const IN_MESSAGE: usize = 5;

/// Codes, statements or words that no label has, and the number of exams with each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Leftovers {
    exams: BTreeMap<String, usize>,
    /// Exams with at least one.
    with_some: usize,
}

impl Leftovers {
    /// Adds those of one exam.
    pub(crate) fn add(&mut self, of_exam: BTreeSet<String>) {
        self.with_some += usize::from(!of_exam.is_empty());
        for entry in of_exam {
            *self.exams.entry(entry).or_default() += 1;
        }
    }

    /// Adds those that were counted on other exams.
    pub(crate) fn merge(&mut self, other: Self) {
        self.with_some += other.with_some;
        for (entry, exams) in other.exams {
            *self.exams.entry(entry).or_default() += exams;
        }
    }

    /// Number of different entries.
    pub(crate) fn count(&self) -> usize {
        self.exams.len()
    }

    /// Number of exams with at least one.
    pub(crate) fn exams(&self) -> usize {
        self.with_some
    }

    /// The most frequent entries with their exams, at most 50.
    pub(crate) fn to_json(&self) -> Value {
        let most = self.most_frequent(LISTED).into_iter();
        let listed: Map<String, Value> = most.map(|(entry, exams)| (entry.clone(), exams.into())).collect();
        listed.into()
    }

    /// The most frequent entries in words.
    pub(crate) fn describe(&self) -> String {
        let most = self.most_frequent(IN_MESSAGE).into_iter();
        let mut listed: Vec<String> = most
            .map(|(entry, exams)| format!("`{}` ({exams})", entry.escape_debug()))
            .collect();
        if self.count() > listed.len() {
            listed.push(format!("{} more", self.count() - listed.len()));
        }
        listed.join(", ")
    }

    fn most_frequent(&self, number: usize) -> Vec<(&String, usize)> {
        let mut all: Vec<(&String, usize)> =
            self.exams.iter().map(|(entry, exams)| (entry, *exams)).collect();
        // Stable, so that entries of one frequency stay in the order of their names.
        all.sort_by_key(|(_, exams)| std::cmp::Reverse(*exams));
        all.truncate(number);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_the_rest_is_counted() {
        let mut all = Leftovers::default();
        for exam in 0..7 {
            let mut other = Leftovers::default();
            other.add((0..=exam).map(|code| format!("code{code}")).collect());
            all.merge(other);
        }
        all.add(BTreeSet::new());
        assert_eq!((all.count(), all.exams()), (7, 7));
        let words = "`code0` (7), `code1` (6), `code2` (5), `code3` (4), `code4` (3), 2 more";
        assert_eq!(all.describe(), words);
        assert_eq!(all.to_json()["code6"], 1);
    }
}
