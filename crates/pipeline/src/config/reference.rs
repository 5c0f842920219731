//! `${…}` inside texts: which references there are and how they are spelt.

/// Target of a `${…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// `${vars.name}` or `${vars.name.inner}`.
    Var(Vec<String>),
    /// `${env.NAME}`.
    Env(String),
    /// `${profile}`.
    Profile,
    /// `${stage.output}`.
    Output { stage: String, output: String },
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TextPiece {
    Text(String),
    /// The reference and how it is written, braces and all.
    Reference(Reference, String),
}

/// A malformed reference: the text it begins with, what is wrong, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MalformedReference {
    pub(crate) raw: String,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Splits a text at its references. `$${` is a literal `${`; other dollar signs are themselves.
pub(crate) fn split_references(text: &str) -> Result<Vec<TextPiece>, MalformedReference> {
    let mut found = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            literal.push_str(&rest[..at - 1]);
            literal.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        literal.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else {
            return Err(MalformedReference {
                raw: "${".to_owned(),
                message: format!("`{}` is not closed", crate::config::node::shorten(&rest[at..])),
                help: "close it with `}`, or write `$${` for a literal `${`".to_owned(),
            });
        };
        let raw = &rest[at..=at + end];
        if !literal.is_empty() {
            found.push(TextPiece::Text(std::mem::take(&mut literal)));
        }
        found.push(TextPiece::Reference(parse_reference(raw)?, raw.to_owned()));
        rest = &rest[at + end + 1..];
    }
    literal.push_str(rest);
    if !literal.is_empty() || found.is_empty() {
        found.push(TextPiece::Text(literal));
    }
    Ok(found)
}

fn parse_reference(raw: &str) -> Result<Reference, MalformedReference> {
    let inner = raw[2..raw.len() - 1].trim();
    let wrong = |message: &str, help: &str| {
        let message = format!("`{}` {message}", crate::config::node::shorten(raw));
        Err(MalformedReference {
            raw: raw.to_owned(),
            message,
            help: help.to_owned(),
        })
    };
    let parts: Vec<&str> = inner.split('.').collect();
    let valid = |part: &&str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    if !parts.iter().all(valid) {
        return wrong("is not a reference", FORMS);
    }
    match parts.as_slice() {
        ["profile"] => Ok(Reference::Profile),
        ["vars"] => wrong("names no variable", "write `${vars.NAME}`"),
        ["env"] => wrong("names no environment variable", "write `${env.NAME}`"),
        ["vars", path @ ..] => Ok(Reference::Var(path.iter().map(|&s| s.to_owned()).collect())),
        ["env", name] => Ok(Reference::Env((*name).to_owned())),
        [stage, output] => Ok(Reference::Output {
            stage: (*stage).to_owned(),
            output: (*output).to_owned(),
        }),
        [one] => wrong(
            "names no output",
            &format!("write `${{{one}.OUTPUT}}` or `${{vars.{one}}}`"),
        ),
        _ => wrong("is not a reference", FORMS),
    }
}

const FORMS: &str =
    "write `${vars.NAME}`, `${STAGE.OUTPUT}`, `${env.NAME}` or `${profile}`; `$${` is a literal `${`";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a literal text so that [`split_references`] gives it back: only `${` needs escaping. A literal that
    /// ends in `$` cannot be before a reference, so those are left out of the property below.
    fn escaped(text: &str) -> String {
        text.replace("${", "$${")
    }

    #[test]
    fn malformed_references_say_what_would_be_right() {
        let texts = [
            "a ${vars.x",
            "${}",
            "${vars}",
            "${env}",
            "${signals}",
            "${a.b.c}",
            "${a b}",
            "${vars..x}",
        ];
        let said = texts.map(|t| {
            let m = split_references(t).expect_err("malformed");
            format!("{}\n  {}", m.message, m.help)
        });
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn spaces_inside_the_braces_do_not_matter() {
        let expected = vec![TextPiece::Reference(
            Reference::Profile,
            "${ profile }".to_owned(),
        )];
        assert_eq!(split_references("${ profile }"), Ok(expected));
        assert_eq!(split_references(""), Ok(vec![TextPiece::Text(String::new())]));
        assert_eq!(
            split_references("a$b$"),
            Ok(vec![TextPiece::Text("a$b$".to_owned())])
        );
    }

    proptest! {
        #[test]
        fn literal_text_comes_back_whole(parts in prop::collection::vec("[a-z$ {}]{0,3}[a-z }]", 0..6)) {
            let literal: String = parts.concat();
            prop_assume!(!literal.contains("$${"));
            prop_assert_eq!(split_references(&escaped(&literal)), Ok(vec![TextPiece::Text(literal)]));
        }

        #[test]
        fn references_are_found_between_any_texts(before in "[a-z }]{1,5}", after in "[a-z {}]{1,5}") {
            let text = format!("{before}${{vars.x}}{after}");
            prop_assert_eq!(split_references(&text), Ok(vec![
                TextPiece::Text(before),
                TextPiece::Reference(Reference::Var(vec!["x".to_owned()]), "${vars.x}".to_owned()),
                TextPiece::Text(after),
            ]));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*") {
            let _ = split_references(&text);
        }
    }
}
