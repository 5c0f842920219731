//! One exam's recording.

use crate::error::Result;
use crate::recipes::StoreTarget;
use ecgfm_archives::{Archive, LocatedExam};
use ecgfm_artifacts::recipe::steps::SegmentRecipe;
use ecgfm_artifacts::recordings::{MissingLeads, Recording};
use ecgfm_artifacts::store::lead_supply;

/// Everything that reading an exam depends on.
#[derive(Clone, Copy)]
pub(crate) struct ExamReader<'a> {
    pub(crate) archive: &'a dyn Archive,
    pub(crate) missing_leads: MissingLeads,
    pub(crate) targets: &'a [StoreTarget],
}

impl ExamReader<'_> {
    /// Reads the recording as its file has it, or says what is wrong with it. A fault of the system is an error.
    pub(crate) fn read_file(
        &self,
        exam: &LocatedExam,
        recording: &mut Recording,
    ) -> Result<std::result::Result<(), String>> {
        let file = self.archive.file(exam.location.file);
        let file = match &file.recordings {
            Ok(file) => file,
            Err(why) => return Ok(Err(why.clone())),
        };
        match file.read(exam.location.row, recording) {
            Ok(()) => Ok(Ok(())),
            Err(error) if error.fault().is_some() => Err(error.into()),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Brings a recording into the standard leads for a recipe, or says which it lacks.
    pub(crate) fn arrange(
        &self,
        recipe: &SegmentRecipe,
        recording: &mut Recording,
    ) -> std::result::Result<(), String> {
        let arranged = recording.use_standard_leads(lead_supply(recipe, self.missing_leads));
        arranged.map_err(|error| error.to_string())
    }

    /// The first recipe, in the form for the recording of an exam.
    pub(crate) fn first_recipe(&self, exam: &LocatedExam) -> &SegmentRecipe {
        let padded = self.archive.is_zero_padded(exam.location.file);
        self.targets[0].recipes.of(padded)
    }

    /// Reads the recording in the standard leads, as the first recipe wants them, or says what is wrong with it. A fault of the
    /// system is an error.
    pub(crate) fn read(
        &self,
        exam: &LocatedExam,
        recording: &mut Recording,
    ) -> Result<std::result::Result<(), String>> {
        Ok(match self.read_file(exam, recording)? {
            Ok(()) => self.arrange(self.first_recipe(exam), recording),
            Err(detail) => Err(detail),
        })
    }
}
