//! Texts that have to fit in a width.

use super::style::Weight;
use super::typeface::Typeface;

impl Typeface {
    /// A text as lines no wider than `width`, broken between words; a longer word is shortened.
    pub(super) fn wrap(&self, font: (Weight, f64), text: &str, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let longer = lines.last().map(|line| format!("{line} {word}"));
            match (longer, lines.last_mut()) {
                (Some(longer), Some(line)) if self.width(font, &longer) <= width => *line = longer,
                _ => lines.push(self.shorten(font, word, width)),
            }
        }
        lines
    }

    /// A text no wider than `width`: what does not fit becomes `…`.
    pub(super) fn shorten(&self, font: (Weight, f64), text: &str, width: f64) -> String {
        if self.width(font, text) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        loop {
            kept.pop();
            let short: String = kept.iter().chain(&['…']).collect();
            if kept.is_empty() || self.width(font, &short) <= width {
                return short;
            }
        }
    }
}
