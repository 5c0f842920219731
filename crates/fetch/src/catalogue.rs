//! Sources to fetch: the models of `configs/models`, and the catalogue in `configs/datasets` and `configs/sources`.

use crate::Error;
use crate::checksum_list::ChecksumList;
use crate::source_file::{HUB, SourceFile};
use ecgfm_stage_params::{ModelDescription, known_models};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const DATASETS: [&str; 2] = [
    include_str!("../../../configs/datasets/code15.yaml"),
    include_str!("../../../configs/sources/ptbxl.yaml"),
];

/// Directory in which the pipelines look for checkpoints.
const CHECKPOINTS: &str = "checkpoints";

/// Kind of files that a source provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A model's weights.
    Checkpoint,
    /// Raw recordings.
    Dataset,
}

/// Checkpoint or dataset of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Name in commands.
    pub name: String,
    /// Title for a person.
    pub title: String,
    /// Kind of its files.
    pub kind: SourceKind,
    /// Page with its description and terms of use.
    pub page: String,
    /// Licence, where the publisher names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// True where the licence forbids commercial use.
    #[serde(default)]
    pub non_commercial: bool,
    /// True where the publisher gives the files to those only who accepted their terms.
    #[serde(default)]
    pub gated: bool,
    /// What to do by hand, where no address of the files is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
    /// Label set of the model, for a checkpoint.
    #[serde(default)]
    pub labels: Option<String>,
    /// Address of the record in Zenodo's API, which lists every file with its size and MD5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// List of all files, where the publisher has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksums: Option<ChecksumList>,
    /// Directory in which the pipelines look for the files.
    pub place: PathBuf,
    /// True if a file whose URL ends in another name is an archive to unpack.
    #[serde(default)]
    pub unpack: bool,
    /// Files of the source; nothing where a list names them.
    #[serde(default)]
    pub files: Vec<SourceFile>,
}

impl DataSource {
    /// Parses an entry of the catalogue.
    ///
    /// # Errors
    /// The text is no such entry.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        Ok(serde_yaml::from_str(text)?)
    }

    /// The weights of a model.
    ///
    /// # Errors
    /// A file with two addresses or none, or a checksum that is none.
    pub fn of_model(model: &ModelDescription) -> Result<Self, Error> {
        let files = model.weights.files.iter().cloned();
        let files = files.map(SourceFile::try_from).collect::<Result<_, String>>();
        Ok(Self {
            name: model.name.clone(),
            title: model.title.clone(),
            kind: SourceKind::Checkpoint,
            page: model.weights.page.clone(),
            licence: Some(model.licence_text()),
            non_commercial: model.non_commercial,
            gated: model.weights.gated,
            by_hand: model.weights.by_hand.clone(),
            labels: model.labels.clone(),
            record: None,
            checksums: None,
            place: PathBuf::from(CHECKPOINTS),
            unpack: false,
            files: files.map_err(|problem| Error::Model {
                name: model.name.clone(),
                problem,
            })?,
        })
    }

    /// Name of the archive that holds the file, if it is published in one.
    #[must_use]
    pub fn archive<'a>(&self, file: &'a SourceFile) -> Option<&'a str> {
        let name = file.published_name();
        (self.unpack && name != file.name).then_some(name)
    }

    /// Files of the given parts, and those that belong to every part; all files if `parts` is empty.
    ///
    /// # Errors
    /// The source has no such part.
    pub fn select(&self, parts: &[u32]) -> Result<Vec<&SourceFile>, Error> {
        let listed = self
            .checksums
            .iter()
            .flat_map(|list| &list.parts)
            .map(|part| part.part);
        let known: Vec<u32> = self.files.iter().filter_map(|f| f.part).chain(listed).collect();
        if let Some(part) = parts.iter().find(|p| !known.contains(p)) {
            return Err(Error::UnknownPart {
                name: self.name.clone(),
                part: *part,
                known: part_ranges(&known),
            });
        }
        let wanted = |f: &&SourceFile| parts.is_empty() || f.part.is_none_or(|p| parts.contains(&p));
        Ok(self.files.iter().filter(wanted).collect())
    }

    /// Instructions for a person: what to download and where to put it.
    #[must_use]
    pub fn instructions(&self) -> String {
        let files: Vec<&SourceFile> = self.files.iter().collect();
        self.instructions_for(&files, &self.place)
    }

    /// Instructions for some of the files, and another directory.
    pub(crate) fn instructions_for(&self, files: &[&SourceFile], place: &std::path::Path) -> String {
        let mut text = format!("{}\n  terms and description: {}\n", self.title, self.page);
        if let Some(licence) = &self.licence {
            text.push_str(&format!("  licence: {licence}\n"));
        }
        if self.non_commercial {
            text.push_str("  FOR NON-COMMERCIAL USE ONLY\n");
        }
        if self.gated {
            text.push_str("  gated: accept the terms on that page first\n");
        }
        if let Some(by_hand) = &self.by_hand {
            text.push_str(&format!(
                "  by hand: {by_hand}\n  then: ecgfm export FILE --model {0} -o {0}.ts\n",
                self.name
            ));
            return text;
        }
        text.push_str(&format!("  put into: {}/\n", place.display()));
        if let Some(list) = self.checksums.as_ref().filter(|_| files.is_empty()) {
            text.push_str(&format!("  all files that {} names\n", list.url));
        }
        for file in files {
            let action = self.archive(file).map_or("", |_| "  (unpack)");
            text.push_str(&format!("  {}  <-  {}{action}\n", file.name, file.url(HUB)));
        }
        text
    }
}

/// `none`, or the numbers as `0` or `0-17`, or one by one where there are gaps.
fn part_ranges(known: &[u32]) -> String {
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    match (known.first(), known.last()) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) if (last - first) as usize == known.len() - 1 => format!("{first}-{last}"),
        (Some(_), _) => known.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
        _ => "none".to_owned(),
    }
}

/// Sources of the built-in catalogue.
///
/// # Errors
/// An entry that does not parse.
pub fn all_sources() -> Result<Vec<DataSource>, Error> {
    let models = known_models().map_err(|error| Error::Description(error.to_string()))?;
    let checkpoints = models.iter().map(DataSource::of_model);
    let datasets = DATASETS.iter().map(|text| DataSource::from_yaml(text));
    checkpoints.chain(datasets).collect()
}

/// Source named `name`.
///
/// # Errors
/// The catalogue has no source of that name.
pub fn find_source(name: &str) -> Result<DataSource, Error> {
    let all = all_sources()?;
    let known = all.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(", ");
    all.into_iter()
        .find(|s| s.name == name)
        .ok_or_else(|| Error::Unknown {
            name: name.to_owned(),
            known,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_source_is_found_by_its_name() {
        for source in all_sources().unwrap() {
            assert_eq!(find_source(&source.name).unwrap(), source);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = find_source("code16").unwrap_err().to_string();
        assert_eq!(
            message,
            "no source is called `code16`; there are physionet_finetuned, mimic_iv_ecg_finetuned, ecgfounder, hubert_ecg, \
             hubert_ecg_encoder, ecg_jepa, st_mem, merl, deepecg, code15, ptbxl"
        );
    }

    #[test]
    fn instructions_name_every_file_and_what_to_unpack() {
        let text = find_source("code15").unwrap().instructions();
        assert_eq!(text.matches("(unpack)").count(), 18);
        assert!(text.contains("exams.csv  <-  https://zenodo.org"));
    }

    #[test]
    fn a_model_without_a_known_address_says_what_to_do_by_hand() {
        let text = find_source("deepecg").unwrap().instructions();
        for part in [
            "accept the terms on that page first",
            "by hand: accept the terms",
            "then: ecgfm export FILE --model deepecg -o deepecg.ts",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("put into"), "{text}");
    }

    #[test]
    fn a_model_that_is_not_for_commercial_use_says_so() {
        let text = find_source("hubert_ecg").unwrap().instructions();
        assert!(
            text.contains("CC BY-NC 4.0 (code and weights)\n  FOR NON-COMMERCIAL USE ONLY"),
            "{text}"
        );
        let text = find_source("ecgfounder").unwrap().instructions();
        assert!(
            text.contains("MIT (code), not stated (weights)") && !text.contains("COMMERCIAL"),
            "{text}"
        );
    }

    #[test]
    fn a_hub_file_has_an_address_on_any_hub() {
        let source = find_source("physionet_finetuned").unwrap();
        assert_eq!(
            source.files[0].url("http://127.0.0.1:9/"),
            "http://127.0.0.1:9/wanglab/ecg-fm-preprint/resolve/main/physionet_finetuned.pt"
        );
    }

    #[test]
    fn a_part_comes_with_the_files_that_every_part_needs() {
        let source = find_source("code15").unwrap();
        let names = |parts: &[u32]| -> Vec<String> {
            let files = source.select(parts).unwrap();
            files.iter().map(|f| f.name.clone()).collect()
        };
        assert_eq!(names(&[3]), ["exams.csv", "exams_part3.hdf5"]);
        assert_eq!(names(&[]).len(), 19);
        let message = source.select(&[18]).unwrap_err().to_string();
        assert_eq!(message, "`code15` has no part 18; its parts are 0-17");
    }

    #[test]
    fn a_source_written_out_is_the_source() {
        for source in all_sources().unwrap() {
            let text = serde_json::to_string(&source).unwrap();
            assert_eq!(serde_json::from_str::<DataSource>(&text).unwrap(), source);
        }
    }
}
