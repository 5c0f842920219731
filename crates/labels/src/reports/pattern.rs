//! Patterns of words, and the search for the first that matches.

use super::words::Token;
use crate::error::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use std::collections::HashMap;

/// Row of words to look for.
#[derive(Debug, Clone)]
struct WordPattern(Vec<PatternWord>);

/// One place of a pattern.
#[derive(Debug, Clone)]
struct PatternWord {
    /// Words, any of which may be there; true where only their beginning counts.
    any_of: Vec<(String, bool)>,
    optional: bool,
}

impl WordPattern {
    /// Parses `a b|c d? e*`.
    fn parse(text: &str) -> Option<Self> {
        let words: Option<Vec<PatternWord>> = text.split(' ').map(PatternWord::parse).collect();
        let words = words?;
        words.iter().any(|word| !word.optional).then_some(Self(words))
    }

    /// Number of tokens matched at the beginning of `tokens`, as many as possible.
    fn matches(&self, tokens: &[Token]) -> Option<usize> {
        match_words(&self.0, tokens, 0)
    }

    /// The words of which one must be the first of a match.
    fn first_words(&self) -> impl Iterator<Item = &(String, bool)> {
        let optional = self.0.iter().take_while(|word| word.optional).count();
        self.0[..=optional].iter().flat_map(|word| &word.any_of)
    }
}

fn match_words(pattern: &[PatternWord], tokens: &[Token], matched: usize) -> Option<usize> {
    let Some((first, others)) = pattern.split_first() else {
        return Some(matched);
    };
    let here = tokens
        .first()
        .and_then(Token::word)
        .is_some_and(|word| first.has(word));
    let taken = || match_words(others, &tokens[1..], matched + 1);
    let passed = || match_words(others, tokens, matched);
    here.then(taken)
        .flatten()
        .or_else(|| first.optional.then(passed).flatten())
}

impl PatternWord {
    fn parse(text: &str) -> Option<Self> {
        let (words, optional) = text
            .strip_suffix('?')
            .map_or((text, false), |words| (words, true));
        let word = |word: &str| {
            let (word, beginning) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
            let plain = |c: char| c.is_alphanumeric() && !c.is_uppercase();
            (!word.is_empty() && word.chars().all(plain)).then(|| (word.to_owned(), beginning))
        };
        let any_of = words.split('|').map(word).collect::<Option<_>>()?;
        Some(Self { any_of, optional })
    }

    fn has(&self, word: &str) -> bool {
        self.any_of.iter().any(|(known, beginning)| match beginning {
            true => word.starts_with(known.as_str()),
            false => word == known,
        })
    }
}

/// Patterns with what each stands for, in order.
#[derive(Debug)]
pub(super) struct PatternList<T> {
    patterns: Vec<(WordPattern, T)>,
    /// Patterns by the word that a match may begin with.
    by_word: HashMap<String, Vec<usize>>,
    /// Patterns that may begin with a word of which only the beginning is given.
    by_beginning: Vec<usize>,
}

impl<T> PatternList<T> {
    /// A list of patterns; `origin` is the name of the rules, for messages.
    ///
    /// # Errors
    /// A pattern cannot be understood.
    pub(super) fn new<'a>(origin: &str, of: impl IntoIterator<Item = (&'a str, T)>) -> Result<Self> {
        let mut list = Self {
            patterns: Vec::new(),
            by_word: HashMap::new(),
            by_beginning: Vec::new(),
        };
        for (text, meaning) in of {
            let pattern = WordPattern::parse(text).ok_or_else(|| bad_pattern(origin, text))?;
            let at = list.patterns.len();
            for (word, beginning) in pattern.first_words() {
                let places = match beginning {
                    true => &mut list.by_beginning,
                    false => list.by_word.entry(word.clone()).or_default(),
                };
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
            list.patterns.push((pattern, meaning));
        }
        Ok(list)
    }

    /// The first pattern of the list that matches where `tokens` begin, and the number of tokens that it matches.
    pub(super) fn find(&self, tokens: &[Token]) -> Option<(&T, usize)> {
        let word = tokens.first()?.word()?;
        let first_of = |places: &[usize]| {
            let mut places = places.iter();
            places.find_map(|at| Some((*at, self.patterns[*at].0.matches(tokens)?)))
        };
        let exact = self.by_word.get(word).and_then(|places| first_of(places));
        let found = exact.into_iter().chain(first_of(&self.by_beginning));
        let (at, length) = found.min_by_key(|(at, _)| *at)?;
        Some((&self.patterns[at].1, length))
    }
}

fn bad_pattern(origin: &str, text: &str) -> Error {
    let message = format!(
        "`{text}` is no pattern: write words in lower case with one blank between them, letters and digits only; `a|b` is either of \
         two, `a*` every word that begins with `a`, `a?` one that may be left out"
    );
    Error::from(ArtifactError::Config {
        origin: origin.to_owned(),
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::super::words::tokenize;
    use super::*;

    #[test]
    fn words_match_by_alternative_beginning_and_absence() {
        let list = PatternList::new(
            "test",
            ["a b", "a? v|w block*", "infarct*", "a"].into_iter().zip(0..),
        )
        .unwrap();
        let find = |text: &str| list.find(&tokenize(text)).map(|(which, length)| (*which, length));
        assert_eq!(find("A-B"), Some((0, 2)));
        assert_eq!(find("a v block"), Some((1, 3)));
        assert_eq!(find("W blocks, a"), Some((1, 2)));
        assert_eq!(find("Infarction"), Some((2, 1)));
        assert_eq!(find("a; b"), Some((3, 1)));
        assert_eq!(find("v"), None);
        assert_eq!(find("; a"), None);
    }

    #[test]
    fn what_could_never_match_is_refused() {
        for wrong in ["", "A", "a-b", "a  b", "a|", "a?", "*", "a b? c+"] {
            let refused = PatternList::new("mine", [(wrong, ())]).unwrap_err().to_string();
            assert!(refused.starts_with("mine: `"), "{refused}");
        }
    }
}
