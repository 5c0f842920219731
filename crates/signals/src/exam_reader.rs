//! One exam's recording in the standard leads.

use crate::error::Result;
use crate::recipes::Recipes;
use ecgfm_archives::{Archive, LocatedExam};
use ecgfm_artifacts::recordings::{MissingLeads, Recording};

/// Everything that reading an exam depends on.
#[derive(Clone, Copy)]
pub(crate) struct ExamReader<'a> {
    pub(crate) archive: &'a dyn Archive,
    pub(crate) missing_leads: MissingLeads,
    pub(crate) recipes: &'a Recipes,
}

impl ExamReader<'_> {
    /// Reads the recording in the standard leads, or says what is wrong with it. A fault of the system is an error.
    pub(crate) fn read(
        &self,
        exam: &LocatedExam,
        recording: &mut Recording,
    ) -> Result<std::result::Result<(), String>> {
        let file = match &self.archive.file(exam.location.file).recordings {
            Ok(file) => file,
            Err(why) => return Ok(Err(why.clone())),
        };
        match file.read(exam.location.row, recording) {
            Ok(()) => {
                let arranged = recording.use_standard_leads(self.missing_leads);
                Ok(arranged.map_err(|error| error.to_string()))
            }
            Err(error) if error.fault().is_some() => Err(error.into()),
            Err(error) => Ok(Err(error.to_string())),
        }
    }
}
