//! Lets references stand unquoted in flow mappings.

use std::sync::Arc;

use crate::config::source::{SourceText, Span};
use crate::error::{Error, Result};

/// Stand-ins for the braces of `${…}` while the YAML parser looks at the text: in a flow mapping
/// (`{ seed: ${vars.seed} }`) the parser would take the braces for its own. Private-use characters,
/// one for one, so that columns stay true.
const OPEN: char = '\u{F8F0}';
const CLOSE: char = '\u{F8F1}';

/// Replaces the braces of every `${…}` that closes on its line.
pub(crate) fn mask_references(source: &Arc<SourceText>, text: &str) -> Result<String> {
    if let Some((at, c)) = text.char_indices().find(|(_, c)| matches!(*c, OPEN | CLOSE)) {
        let line = text[..at].matches('\n').count() + 1;
        let column = text[..at].chars().rev().take_while(|c| *c != '\n').count() + 1;
        let message = format!("the private-use character U+{:04X} is not allowed", u32::from(c));
        return Err(Error::config(&Span::new(source, line, column, 1), message));
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        masked.push_str(before);
        let end = after
            .find(['}', '{', '\n'])
            .filter(|end| after[*end..].starts_with('}'));
        rest = match end {
            Some(end) => {
                masked.extend(['$', OPEN]);
                masked.push_str(&after[..end]);
                masked.push(CLOSE);
                &after[end + 1..]
            }
            None => {
                masked.push_str("${");
                after
            }
        };
    }
    masked.push_str(rest);
    Ok(masked)
}

/// Puts the braces back.
pub(crate) fn unmask_references(text: &str) -> String {
    text.replace(OPEN, "{").replace(CLOSE, "}")
}
