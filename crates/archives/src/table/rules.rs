//! Rules for a table of exams.

use crate::column::{ColumnRole, ColumnRule};
use crate::error::{Error, Result};
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::records;
use std::path::Path;

/// Rules for a table of exams.
#[derive(Debug, Clone, Copy)]
pub struct TableRules {
    /// Columns that the table may have, and of those of the roles [`ColumnRole::ExamId`] and
    /// [`ColumnRole::RecordingFile`] must have.
    pub columns: &'static [ColumnRule],
    /// Advice where one that it must have is missing.
    pub help: &'static str,
}

impl TableRules {
    /// Name of the column of that role, where there is a rule for one.
    pub(super) fn name_of(&self, role: ColumnRole) -> Option<&'static str> {
        let rule = self.columns.iter().find(|rule| rule.role == role)?;
        Some(rule.name)
    }

    pub(super) fn rule_of(&self, name: &str) -> Option<ColumnRule> {
        self.columns.iter().copied().find(|rule| rule.name == name)
    }

    pub(super) fn check_header(&self, path: &Path, header: &[String]) -> Result<()> {
        let bad = |what: String, help: &str| Error::BadInput {
            path: path.to_owned(),
            what,
            help: Some(help.to_owned()),
        };
        let required = [ColumnRole::ExamId, ColumnRole::RecordingFile];
        let mut required = required.into_iter().filter_map(|role| self.name_of(role));
        if let Some(missing) = required.find(|name| !header.iter().any(|h| h == name)) {
            let what = format!("no column `{missing}`; it has {}", header.join(", "));
            let one = (header.len() == 1).then(|| header.first()).flatten();
            let help = match one.and_then(|h| h.chars().find(|c| [';', '\t', '|'].contains(c))) {
                Some(_) => "the columns are to be separated by commas",
                None => self.help,
            };
            return Err(bad(what, help));
        }
        let mut numbered = header.iter().enumerate();
        if let Some((_, name)) = numbered.find(|(at, name)| header[..*at].contains(name)) {
            let what = format!("two columns are called `{name}`, but for blanks around the name");
            return Err(bad(what, "rename one of them or take it out"));
        }
        let reserved =
            |h: &&String| *h == IDX || records::ADDED.contains(&h.as_str()) || records::is_statistic(h);
        if let Some(clash) = header.iter().find(reserved) {
            let what = format!("column `{clash}` has a name that the stage gives to a column of its own");
            let help = "give the raw table, not one that was processed, or rename the column";
            return Err(bad(what, help));
        }
        Ok(())
    }
}

/// Names of columns without the blanks around them: ` AF` left as it is would be a column that nobody checks.
pub(super) fn trim_names<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().trim().to_owned()).collect()
}
