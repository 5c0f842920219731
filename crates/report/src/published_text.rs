//! A text for a paper, such as its methods: as Markdown, LaTeX, HTML that word processors take, and plain.

use crate::published_table::escape_latex;
use crate::text::escape;
use serde::Serialize;

/// Paragraphs under a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedText {
    /// Title.
    pub title: String,
    /// Notices to every reader: that ECGs are synthetic, that a model is a demonstration.
    pub notices: Vec<String>,
    /// Paragraphs, in their order.
    pub paragraphs: Vec<Paragraph>,
}

/// Sentences under a heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paragraph {
    /// Heading, in a word or two.
    pub heading: String,
    /// Sentences, each with its full stop. Between backticks are names as they are typed.
    pub sentences: Vec<String>,
}

/// Form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// Headings in bold at the begin of each paragraph.
    Markdown,
    /// A `\section*` with a `\paragraph` each.
    Latex,
    /// A whole page, to be pasted into a document.
    Html,
    /// Letters only.
    Plain,
}

impl PublishedText {
    /// The text in a form.
    pub fn render(&self, format: TextFormat) -> String {
        let parts = std::iter::once(format.title(&self.title))
            .chain(self.notices.iter().map(|notice| format.notice(notice)))
            .chain(self.paragraphs.iter().map(|part| format.paragraph(part)));
        let body = parts.collect::<Vec<_>>().join("\n\n");
        match format {
            TextFormat::Html => format!(
                "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{}</title>\n{body}\n</html>\n",
                escape(&self.title)
            ),
            _ => format!("{body}\n"),
        }
    }
}

impl TextFormat {
    fn title(self, text: &str) -> String {
        match self {
            Self::Markdown => format!("## {}", self.inline(text)),
            Self::Latex => format!("\\section*{{{}}}", self.inline(text)),
            Self::Html => format!("<h2>{}</h2>", self.inline(text)),
            Self::Plain => self.inline(text),
        }
    }

    fn notice(self, text: &str) -> String {
        let text = self.inline(text);
        match self {
            Self::Markdown => format!("**{text}**"),
            Self::Latex => format!("\\textbf{{{text}}}"),
            Self::Html => format!("<p><strong>{text}</strong></p>"),
            Self::Plain => text,
        }
    }

    fn paragraph(self, part: &Paragraph) -> String {
        let (heading, text) = (self.inline(&part.heading), self.inline(&part.sentences.join(" ")));
        match self {
            Self::Markdown => format!("**{heading}.** {text}"),
            Self::Latex => format!("\\paragraph{{{heading}}} {text}"),
            Self::Html => format!("<p><strong>{heading}.</strong> {text}</p>"),
            Self::Plain => format!("{heading}. {text}"),
        }
    }

    /// Text in which nothing but the names between backticks is marked.
    fn inline(self, text: &str) -> String {
        let part = |(at, part): (usize, &str)| match (self, at % 2 == 1) {
            (Self::Markdown, true) => format!("`{part}`"),
            (Self::Markdown, false) => escape_markdown(part),
            (Self::Latex, true) => format!("\\texttt{{{}}}", escape_latex(part)),
            (Self::Latex, false) => escape_latex(part),
            (Self::Html, true) => format!("<code>{}</code>", escape(part)),
            (Self::Html, false) => escape(part),
            (Self::Plain, _) => part.to_owned(),
        };
        text.split('`').enumerate().map(part).collect()
    }
}

/// Text in which nothing is a mark of Markdown.
fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_set_apart_and_nothing_else_is_a_mark() {
        let text = PublishedText {
            title: "Methods".to_owned(),
            notices: vec!["A *notice*.".to_owned()],
            paragraphs: vec![Paragraph {
                heading: "Data".to_owned(),
                sentences: vec![
                    "Read as `code_15`.".to_owned(),
                    "R&D: 5 % < 6 % of a_b.".to_owned(),
                ],
            }],
        };
        assert_eq!(
            text.render(TextFormat::Markdown),
            "## Methods\n\n**A \\*notice\\*.**\n\n**Data.** Read as `code_15`. R&D: 5 % \\< 6 % of a\\_b.\n"
        );
        let latex = text.render(TextFormat::Latex);
        assert!(
            latex.contains("\\paragraph{Data} Read as \\texttt{code\\_15}. R\\&D: 5 \\% < 6 \\% of a\\_b."),
            "{latex}"
        );
        let html = text.render(TextFormat::Html);
        assert!(
            html.contains("Read as <code>code_15</code>. R&amp;D: 5 % &lt; 6 % of a_b.</p>"),
            "{html}"
        );
        assert_eq!(
            text.render(TextFormat::Plain),
            "Methods\n\nA *notice*.\n\nData. Read as code_15. R&D: 5 % < 6 % of a_b.\n"
        );
    }
}
