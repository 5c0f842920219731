//! Place where a value was written: a pipeline file or an argument on the command line.

use std::fmt;
use std::sync::Arc;

/// Most characters of a line that an error quotes.
const QUOTED: usize = 160;

/// Kind of text that an error points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A file: messages name it with line and column and quote the line.
    File,
    /// A command-line argument: messages name the argument itself.
    Argument,
}

/// A text that was parsed, kept so that errors can quote it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SourceText {
    name: String,
    text: String,
    origin: Origin,
}

impl SourceText {
    /// A file's text; `name` is the path as the user wrote it.
    pub(crate) fn file(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            origin: Origin::File,
        })
    }

    /// A command-line argument, for example `--set vars.seed=7`.
    pub(crate) fn argument(name: impl Into<String>) -> Arc<Self> {
        let name = name.into();
        Arc::new(Self {
            text: name.clone(),
            name,
            origin: Origin::Argument,
        })
    }

    fn line(&self, number: usize) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)?)
    }
}

/// A stretch of one line of a source. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    source: Arc<SourceText>,
    line: usize,
    column: usize,
    length: usize,
}

impl Span {
    pub(crate) fn new(source: &Arc<SourceText>, line: usize, column: usize, length: usize) -> Self {
        Self {
            source: Arc::clone(source),
            line: line.max(1),
            column: column.max(1),
            length: length.max(1),
        }
    }

    /// The beginning of a source.
    pub(crate) fn start_of(source: &Arc<SourceText>) -> Self {
        Self::new(source, 1, 1, 1)
    }

    /// The file's path, or the argument.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Length in characters on the first line, at least 1.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Kind of text that this lies in: a file, or a command-line argument.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.source.origin
    }

    /// The part of this span that reads `needle`, when it is on the first line; else the span itself.
    pub(crate) fn narrowed_to(&self, needle: &str) -> Self {
        let Some(line) = self.source.line(self.line) else {
            return self.clone();
        };
        let skip = line
            .char_indices()
            .nth(self.column - 1)
            .map_or(line.len(), |(at, _)| at);
        match line[skip..].find(needle) {
            Some(at) => Self {
                column: self.column + line[skip..skip + at].chars().count(),
                length: needle.chars().count().max(1),
                ..self.clone()
            },
            None => self.clone(),
        }
    }

    /// The quoted line with a caret under the span, each line ended by a newline. Empty for arguments.
    pub(crate) fn snippet(&self) -> String {
        let line = match (self.source.origin, self.source.line(self.line)) {
            (Origin::File, Some(line)) => line,
            _ => return String::new(),
        };
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // Of a very long line only the surroundings are quoted.
        let before = (self.column - 1).min(QUOTED / 2);
        let line: String = line.chars().skip(self.column - 1 - before).take(QUOTED).collect();
        let pad: String = line
            .chars()
            .take(before)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let room = line.trim_end().chars().count().saturating_sub(before).max(1);
        let carets = "^".repeat(self.length.min(room));
        format!("{gutter} |\n{number} | {line}\n{gutter} | {pad}{carets}\n")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source.origin {
            Origin::File => write!(f, "{}:{}:{}", self.source.name, self.line, self.column),
            Origin::Argument => write!(f, "{}", self.source.name),
        }
    }
}
