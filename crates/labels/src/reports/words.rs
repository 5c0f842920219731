//! Words of a report.

/// Word of a report, or a mark between words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters and digits, in lower case.
    Word(String),
    /// Comma, or dash between blanks.
    Comma,
    /// End of a statement: a semicolon, a line break, or a full stop before a blank.
    End,
}

impl Token {
    /// The word, if it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Comma | Self::End => None,
        }
    }
}

/// Takes a report apart. Everything but letters, digits and the marks of [`Token`] is a blank: `A-V block` is three words.
pub(super) fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else {
            let blank_after = rest.peek().is_none_or(|next| next.is_whitespace());
            if !word.is_empty() {
                tokens.push(Token::Word(std::mem::take(&mut word)));
            }
            match c {
                ';' | '\n' => tokens.push(Token::End),
                '.' if blank_after => tokens.push(Token::End),
                ',' => tokens.push(Token::Comma),
                '-' if blank_after && before.is_whitespace() => tokens.push(Token::Comma),
                _ => {}
            }
        }
        before = c;
    }
    if !word.is_empty() {
        tokens.push(Token::Word(word));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_blanks_but_for_those_that_end_something() {
        let shown = |text: &str| {
            let shown = tokenize(text).into_iter().map(|token| match token {
                Token::Word(word) => word,
                Token::Comma => ",".to_owned(),
                Token::End => ".".to_owned(),
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            shown("Sinus   rhythm ;; *** PVC(s) ***"),
            "sinus rhythm . . pvc s"
        );
        assert_eq!(
            shown("2:1 A-V block - recent, QT 0.4."),
            "2 1 a v block , recent , qt 0 4 ."
        );
        assert_eq!(shown("Ménière"), "ménière");
        assert_eq!(shown(""), "");
    }
}
