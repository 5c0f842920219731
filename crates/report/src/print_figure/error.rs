//! Errors of figures for print.

/// Reason why a figure is not drawn or written.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// A label that no run has.
    #[error("there is no label `{name}`; labels are {}", known.join(", "))]
    UnknownLabel {
        /// As it was asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// A run without results by ECG.
    #[error("{run} was not scored by ecg, or has no label")]
    NotScored {
        /// Name of the run.
        run: String,
    },
    /// More runs than can be told apart.
    #[error("a figure compares at most {most} runs; {given} are given")]
    TooManyRuns {
        /// Most that there may be.
        most: usize,
        /// Those given.
        given: usize,
    },
    /// Letters that PDF and PNG cannot show.
    #[error("the typeface of PDF and PNG has no letter {}", letters.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", "))]
    MissingLetters {
        /// The letters.
        letters: Vec<char>,
    },
    /// A picture that cannot be made.
    #[error("there is no room for a picture of {width} × {height} dots")]
    TooLarge {
        /// Dots across.
        width: u32,
        /// Dots down.
        height: u32,
    },
    /// The typeface in the program is broken; a defect of this program.
    #[error("the typeface cannot be read: {0}")]
    Typeface(#[from] ttf_parser::FaceParsingError),
}
