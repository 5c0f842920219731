//! Rules that make labels of free text, such as the statements of an ECG machine.

use super::definition::{Definition, config_error, parse_yaml};
use super::label_set::LabelSet;
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Rules for the text of reports. A pattern is a row of words in lower case: `a|b` is either of two words, `a*` every word
/// that begins with `a`, `a?` a word that may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextRules {
    /// Name by which configurations refer to them.
    pub name: String,
    /// Description, for people.
    pub title: String,
    /// The label set whose labels they give.
    pub labels: String,
    /// What statements mean. Where several match at one place of the text, the first of the list counts, and the words that it
    /// matched are used up.
    pub statements: Vec<StatementRule>,
    /// Findings that follow from others.
    #[serde(default)]
    pub implied: Vec<ImpliedFindings>,
    /// Words that deny a finding.
    pub negation: CueWords,
    /// Words that make a finding uncertain.
    pub uncertainty: CueWords,
    /// Words between two findings of which either may hold: both are uncertain.
    #[serde(default)]
    pub either: Vec<String>,
    /// Patterns that say nothing about a label, such as `acute`; they are not counted as unmatched.
    #[serde(default)]
    pub ignored: Vec<String>,
}

/// Patterns and the findings that they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementRule {
    /// Patterns, each of which means the same.
    pub text: Vec<String>,
    /// Findings: labels, or what only [`ImpliedFindings::all`] names. Empty for a statement that is known and means no label.
    #[serde(default)]
    pub means: Vec<String>,
}

/// Findings that follow where others hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpliedFindings {
    /// Findings that must all hold.
    pub all: Vec<String>,
    /// Findings that then hold, too.
    pub also: Vec<String>,
}

/// Words around findings, as patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CueWords {
    /// They concern the findings after them, to the end of the statement or to one of `ends`.
    pub before: Vec<String>,
    /// They concern the findings before them, back to the beginning of the statement or to one of `ends`.
    pub after: Vec<String>,
    /// Words that end what they concern.
    pub ends: Vec<String>,
}

impl TextRules {
    /// Loads rules from a file, or the built-in ones of that name.
    ///
    /// # Errors
    /// There is neither a file nor a built-in of that name; the file holds no rules; a finding is neither a label nor needed for
    /// one.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let rules: Self = parse_yaml(name_or_path, &Definition::TextRules.text(name_or_path)?)?;
        let labels = LabelSet::load(&rules.labels)?;
        let needed = |name: &str| rules.implied.iter().any(|i| i.all.iter().any(|of| of == name));
        let known = |name: &&str| labels.names().contains(name) || needed(name);
        if let Some(strange) = rules.given().find(|name| !known(name)) {
            let what = format!(
                "gives `{strange}`, which is no label of `{}`, and nothing follows from it",
                rules.labels
            );
            return Err(config_error(name_or_path, what));
        }
        let given: Vec<&str> = rules.given().collect();
        let mut premises = rules.implied.iter().flat_map(|i| &i.all);
        if let Some(strange) = premises.find(|name| !given.contains(&name.as_str())) {
            let what = format!("`implied` needs `{strange}`, which no statement means");
            return Err(config_error(name_or_path, what));
        }
        Ok(rules)
    }

    /// Every finding that a statement means or that follows from others, with repetitions.
    pub fn given(&self) -> impl Iterator<Item = &str> {
        let stated = self.statements.iter().flat_map(|rule| &rule.means);
        let implied = self.implied.iter().flat_map(|rule| &rule.also);
        stated.chain(implied).map(String::as_str)
    }
}
