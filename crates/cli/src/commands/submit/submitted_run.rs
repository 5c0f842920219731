//! A run that is to be submitted, as the texts for all engines name it.

use crate::args::SharedSubmitArgs;
use ecgfm_pipeline::{Error, ErrorKind, Graph};
use std::path::Path;

/// A run that is to be submitted.
pub struct SubmittedRun<'a> {
    pub shared: &'a SharedSubmitArgs,
    pub pipeline: &'a str,
    pub profile: &'a str,
    /// Relative to the current directory, or absolute.
    pub run_dir: String,
    /// Path of this program.
    pub program: String,
}

impl<'a> SubmittedRun<'a> {
    /// The run of a graph.
    ///
    /// # Errors
    /// A path that is not UTF-8.
    pub fn new(graph: &'a Graph, shared: &'a SharedSubmitArgs) -> Result<Self, Error> {
        let program = std::env::current_exe()
            .map_err(|e| Error::new(ErrorKind::StageFailed, format!("where is this program? {e}")))?;
        Ok(Self {
            shared,
            pipeline: graph.pipeline(),
            profile: graph.profile(),
            run_dir: as_text(graph.run_dir())?,
            program: as_text(&program)?,
        })
    }

    /// Pipeline and profile as a comment has them.
    pub fn title(&self) -> String {
        let one_line = |text: &str| text.replace(char::is_control, " ");
        format!("{}, profile {}", one_line(self.pipeline), one_line(self.profile))
    }
}

/// A path that goes into a text.
fn as_text(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("cannot write `{}` into a script: it is not UTF-8", path.display());
        Error::new(ErrorKind::Config, message).help("use directories whose names are UTF-8")
    })
}
