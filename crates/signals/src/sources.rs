//! The archives that the parameters name: that of `raw`, or those of `sources`.

use crate::error::{Error, Result};
use crate::params::{Params, SourceArchive};
use ecgfm_archives::{Archive, Dataset, ExamTable, JoinedArchives, NamedArchive, datasets};
use ecgfm_artifacts::manifests;
use std::path::PathBuf;

/// Archive that the parameters name.
pub struct ArchivePlace {
    /// Parameter that says where it is: `raw`, or `sources.1.raw`.
    pub parameter: String,
    /// Name in tables.
    pub name: String,
    /// Layout.
    pub dataset: Box<dyn Dataset>,
    /// Directory, or table.
    pub raw: PathBuf,
}

impl ArchivePlace {
    /// Names of the columns of the table of exams, by headers of tables alone; none where only the recordings tell. `header` has
    /// the columns of the table that will be there, where a stage promises it.
    ///
    /// # Errors
    /// There is no archive, or no usable table or no part in it; a column that the archive needs is not among them.
    pub fn column_names(&self, header: Option<&[String]>) -> Result<Option<Vec<String>>> {
        Ok(match header {
            Some(header) => self.dataset.columns_of_header(&self.raw, header)?,
            None => self.dataset.column_names(&self.raw)?,
        })
    }
}

impl Params {
    /// The archives that the parameters name: one, or those of `sources`.
    ///
    /// # Errors
    /// An unknown dataset, `raw` and `sources` both or neither, two sources of one name.
    pub fn archives(&self) -> Result<Vec<ArchivePlace>> {
        match (&self.raw, &self.sources[..]) {
            (None, []) => Err(Error::parameter(
                "raw",
                "is needed: the archive's directory; or `sources`, for several archives",
            )),
            (Some(raw), []) => {
                let dataset = find_dataset(&self.dataset, |what| Error::parameter("dataset", what))?;
                Ok(vec![ArchivePlace {
                    parameter: "raw".to_owned(),
                    name: dataset.source().to_owned(),
                    dataset,
                    raw: raw.clone(),
                }])
            }
            (Some(_), _) => {
                let what =
                    "is given beside `sources`, which says of every archive where it is: give one of them";
                Err(Error::parameter("raw", what))
            }
            (None, _) if self.dataset != datasets::DEFAULT => {
                let what = "is the layout of `raw`; with `sources`, each says its own: leave it out";
                Err(Error::parameter("dataset", what))
            }
            (None, sources) => places_of(sources),
        }
    }

    /// Opens the archive of `raw`, or those of `sources` as one.
    ///
    /// # Errors
    /// As [`Self::archives`]; an archive is refused; two ECGs would have one name.
    pub fn open_archive(&self) -> Result<Box<dyn Archive>> {
        let mut places = self.archives()?;
        if self.sources.is_empty()
            && let Some(place) = places.pop()
        {
            return Ok(place.dataset.open(&place.raw)?);
        }
        let open = |place: ArchivePlace| -> Result<NamedArchive> {
            Ok(NamedArchive {
                archive: place.dataset.open(&place.raw)?,
                name: place.name,
            })
        };
        let archives = places.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        let joined = JoinedArchives::new(archives).map_err(|clash| {
            let ([first, second], file) = (clash.archives, clash.save_file);
            let what = format!(
                "names `{first}` and `{second}`, and both have an ECG that would be called {file}: give one of them another `name`"
            );
            Error::parameter("sources", what)
        })?;
        Ok(Box::new(joined))
    }

    /// Names of the columns of `meta.csv`, given those of the table of exams of every archive; none as for [`Self::columns`].
    pub fn columns_of(&self, tables: &[Vec<String>]) -> Option<Vec<String>> {
        self.columns(&ExamTable::join_headers(tables.iter().map(Vec::as_slice)))
    }
}

/// The archives of `sources`, under names of which no two are the same.
fn places_of(sources: &[SourceArchive]) -> Result<Vec<ArchivePlace>> {
    let mut places: Vec<ArchivePlace> = Vec::with_capacity(sources.len());
    for (number, source) in sources.iter().enumerate() {
        let refused =
            |what: String| Error::parameter("sources", format!("has a number {}, whose {what}", number + 1));
        let dataset = find_dataset(&source.dataset, |what| refused(format!("`dataset` {what}")))?;
        let name = source
            .name
            .as_deref()
            .unwrap_or_else(|| dataset.source())
            .to_owned();
        if !manifests::is_plain(&name) {
            let what = format!(
                "`name` is `{}`: names are {}",
                name.escape_debug(),
                manifests::PLAIN
            );
            return Err(refused(what));
        }
        if let Some(first) = places.iter().position(|place| place.name == name) {
            let what = format!(
                "name is `{name}`, as that of number {}: give one of them another `name`",
                first + 1
            );
            return Err(refused(what));
        }
        places.push(ArchivePlace {
            parameter: format!("sources.{number}.raw"),
            name,
            dataset,
            raw: source.raw.clone(),
        });
    }
    Ok(places)
}

/// The layout of that name; `unknown` makes the error of a phrase that follows the parameter's name.
fn find_dataset(name: &str, unknown: impl FnOnce(String) -> Error) -> Result<Box<dyn Dataset>> {
    datasets::find_dataset(name)?.ok_or_else(|| {
        let known = datasets::dataset_names().join("`, `");
        unknown(format!(
            "is `{name}`; known are `{known}`, and the path of a YAML file that describes one"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refusal(with: Value) -> String {
        let params: Params = serde_json::from_value(with).unwrap();
        params.check().unwrap_err().to_string()
    }

    #[test]
    fn archives_that_contradict_each_other_are_refused() {
        let folder = |raw: &str| json!({"dataset": "folder", "raw": raw});
        for (with, words) in [
            (json!({}), "parameter `raw` is needed"),
            (
                json!({"raw": "a", "sources": [folder("b")]}),
                "parameter `raw` is given beside `sources`",
            ),
            (
                json!({"dataset": "ptbxl", "sources": [folder("b")]}),
                "parameter `dataset` is the layout of `raw`",
            ),
            (
                json!({"sources": [folder("a"), folder("b")]}),
                "parameter `sources` has a number 2, whose name is `folder`, as that of number 1: give one of them another `name`",
            ),
            (
                json!({"sources": [{"dataset": "no", "raw": "a"}]}),
                "number 1, whose `dataset` is `no`; known are `code15`",
            ),
            (
                json!({"sources": [{"dataset": "folder", "raw": "a", "name": "a:b"}]}),
                "number 1, whose `name` is `a:b`",
            ),
        ] {
            let message = refusal(with);
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn every_archive_has_a_name_and_a_parameter() {
        let with = json!({"sources": [
            {"dataset": "code15", "raw": "a"},
            {"dataset": "folder", "raw": "b", "name": "clinic"},
        ]});
        let params: Params = serde_json::from_value(with.clone()).unwrap();
        let places = params.archives().unwrap();
        let places: Vec<(&str, &str)> = places
            .iter()
            .map(|place| (place.name.as_str(), place.parameter.as_str()))
            .collect();
        assert_eq!(
            places,
            [("code_15", "sources.0.raw"), ("clinic", "sources.1.raw")]
        );
        assert_eq!(serde_json::to_value(&params).unwrap()["sources"], with["sources"]);
    }
}
