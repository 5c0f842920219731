//! How the recording of an exam is found in files of many, as a description says it; and which files these are.

use super::description::DatasetDescription;
use crate::error::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::presence::is_dir;
use std::path::Path;

/// How the recording of an exam is found in files of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowRule<'a> {
    /// By its identifier in the file.
    Id,
    /// By its position in the table.
    Position,
    /// By its number in the file, from 0 on, which this column of the table has.
    Column(&'a str),
}

impl DatasetDescription {
    /// How recordings are found in files of many; none where every file is one recording.
    ///
    /// # Errors
    /// Two ways are named.
    pub(super) fn row_rule(&self) -> std::result::Result<Option<RowRule<'_>>, String> {
        let by_id = self.row_ids.as_ref().map(|_| RowRule::Id);
        let by_position = self.by_position.then_some(RowRule::Position);
        let by_column = self.row.as_deref().map(RowRule::Column);
        let mut rules = [by_id, by_position, by_column].into_iter().flatten();
        match (rules.next(), rules.next()) {
            (rule, None) => Ok(rule),
            (_, Some(_)) => Err("give one of `row_ids`, `row` and `by_position`".to_owned()),
        }
    }

    /// Checks what is said of files of many recordings.
    pub(super) fn check_rows(&self) -> std::result::Result<(), String> {
        let rule = self.row_rule()?;
        if self.table.is_none() {
            return match rule {
                None | Some(RowRule::Id) if self.files.is_none() => Ok(()),
                _ => Err("`files`, `row` and `by_position` are of a `table`, and none is given".to_owned()),
            };
        }
        if self.file.is_some() == self.files.is_some() {
            return Err(
                "with a `table`, give `file`, its column of files, or `files`, the files of all recordings"
                    .to_owned(),
            );
        }
        if self.exam_id.is_none() && rule != Some(RowRule::Position) {
            return Err("with a `table`, `exam_id` names its column of exams".to_owned());
        }
        if self.files.is_some() && rule.is_none() {
            return Err("with `files`, give one of `row_ids`, `row` and `by_position`".to_owned());
        }
        if rule.is_some() {
            self.check_facts()?;
        }
        Ok(())
    }

    /// Checks that everything is stated that files of many recordings do not state.
    fn check_facts(&self) -> std::result::Result<(), String> {
        let facts = [
            ("sample_rate", self.sample_rate.is_some()),
            ("unit", self.unit.is_some() || self.counts_per_millivolt.is_some()),
            ("leads", self.leads.is_some()),
            ("axes", self.axes.is_some()),
        ];
        match facts.into_iter().find(|(_, stated)| !stated) {
            Some((name, _)) => Err(format!("give `{name}`: files of many recordings do not state it")),
            None => Ok(()),
        }
    }

    /// Names of the files of all recordings below `directory`, in the order of the numbers in them.
    ///
    /// # Errors
    /// There is none; the directory cannot be listed.
    pub(super) fn list_row_files(&self, directory: &Path) -> Result<Vec<String>> {
        let pattern = self.files.as_deref().unwrap_or_default();
        let (folder, of_name) = match pattern.rsplit_once('/') {
            Some((folder, of_name)) => (format!("{folder}/"), of_name),
            None => (String::new(), pattern),
        };
        let place = directory.join(&folder);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&place).map_err(ArtifactError::io("list", &place))? {
            let entry = entry.map_err(ArtifactError::io("list", &place))?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| matches(of_name, name)) else {
                continue;
            };
            if !is_dir(&entry.path())? {
                names.push(format!("{folder}{name}"));
            }
        }
        names.sort_by_cached_key(|name| (natural_key(name), name.clone()));
        if names.is_empty() {
            return Err(self.no_files(&place, of_name));
        }
        Ok(names)
    }

    fn no_files(&self, place: &Path, of_name: &str) -> Error {
        let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
        let is_zip = |path: &Path| path.extension().is_some_and(|ending| ending == "zip");
        let zipped = entries.filter(|entry| is_zip(&entry.path())).count();
        let help = match zipped {
            0 => format!("give the directory of {}", self.title),
            n => format!("unpack the {n} .zip files that are there"),
        };
        Error::BadInput {
            path: place.to_owned(),
            what: format!("holds no file `{of_name}`"),
            help: Some(help),
        }
    }
}

/// Returns true if `name` is `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            let ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
            ends.into_iter().any(|at| matches(rest, &left[at..]))
        }),
    }
}

/// A name as texts and numbers, so that part 2 is before part 10.
fn natural_key(name: &str) -> Vec<(String, u64)> {
    let mut key = vec![(String::new(), 0_u64)];
    let mut in_number = false;
    for c in name.chars() {
        match c.to_digit(10) {
            Some(digit) => {
                if let Some((_, number)) = key.last_mut() {
                    *number = number.saturating_mul(10).saturating_add(u64::from(digit));
                }
                in_number = true;
            }
            None => {
                if in_number {
                    key.push((String::new(), 0));
                    in_number = false;
                }
                if let Some((text, _)) = key.last_mut() {
                    text.push(c);
                }
            }
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, fits) in [
            ("exams.hdf5", "exams.hdf5", true),
            ("exams*.hdf5", "exams_part10.hdf5", true),
            ("exams*.hdf5", "exams.hdf5", true),
            ("*", "é", true),
            ("*a*b", "xaéb", true),
            ("exams*.hdf5", "exams.h5", false),
            ("a*b", "ac", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn files_come_in_the_order_of_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["part10.h5", "part2.h5", "other.txt", "part1.h5"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("part3.h5")).unwrap();
        let of = |files: &str| DatasetDescription {
            files: Some(files.to_owned()),
            ..DatasetDescription::default()
        };
        let found = of("part*.h5").list_row_files(dir.path()).unwrap();
        assert_eq!(found, ["part1.h5", "part2.h5", "part10.h5"]);
        let error = of("exams.h5").list_row_files(dir.path()).unwrap_err();
        assert!(error.to_string().ends_with("holds no file `exams.h5`"), "{error}");
    }
}
