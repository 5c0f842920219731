//! Descriptions of models, `configs/models/*.yaml`: where one is from, what it may be used for, what it takes and returns.

use crate::known_models::KNOWN_MODELS;
use crate::{CardLicence, CardRecipe, ModelFamily, Pool, Returns};
use ecgfm_recipe::steps::RecipeSteps;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A description larger than this is none.
const MAX_BYTES: u64 = 1 << 20;

/// Description of a model: everything but its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDescription {
    /// Name in commands and pipelines.
    pub name: String,
    /// Title for a person.
    pub title: String,
    /// What it is: network, size, what it was trained on, what is peculiar to it.
    pub about: String,
    /// Family of networks that this program builds; none for a TorchScript file that runs as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The authors' code.
    pub code: ModelCode,
    /// The weights.
    pub weights: ModelWeights,
    /// True where code or weights may not be used commercially.
    #[serde(default)]
    pub non_commercial: bool,
    /// Recipe, by name or file.
    pub recipe: String,
    /// Label set, by name or file; none for an encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// Meaning of the values for the labels; none for an encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Returns>,
    /// Pooling of the segments of an ECG, where it is one for all labels; otherwise the label set says it, label by label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pool>,
    /// Thresholds, if the authors give them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<ModelThresholds>,
    /// Mappings from its labels to those of archives, by name or file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<String>,
    /// Notice for every reader of the model's results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// Code of a model's authors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelCode {
    /// Address.
    pub url: String,
    /// Commit that the description was written from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Licence, or `not stated`.
    pub licence: String,
}

/// Weights of a model, and where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelWeights {
    /// Page with their description and terms of use.
    pub page: String,
    /// Licence, or `not stated`.
    pub licence: String,
    /// True where the hub gives them to those only who accepted their terms.
    #[serde(default)]
    pub gated: bool,
    /// Files that `ecgfm fetch` downloads; none where no address of them is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<WeightsFile>,
    /// What to do by hand, where there are no `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
}

/// File of a model's weights: at a `url`, or a `file` of a hub's `repository` at a `revision`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsFile {
    /// Name on disk.
    pub name: String,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Owner and name of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Branch, tag or commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Path in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Size in bytes, where the publisher states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 in lower-case hexadecimal, where the publisher states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Thresholds of a model's authors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelThresholds {
    /// Where the authors give them.
    pub from: String,
    /// Label → probability above which it is predicted.
    pub of: BTreeMap<String, f64>,
}

/// Description that cannot be found, read or used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescriptionError {
    origin: String,
    problem: String,
}

impl fmt::Display for DescriptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.problem)
    }
}

impl std::error::Error for DescriptionError {}

impl ModelDescription {
    /// Loads a description from a file, or the built-in one of that name. Recipe, label set and mappings that are files are
    /// looked for beside it.
    ///
    /// ```
    /// use ecgfm_stage_params::ModelDescription;
    /// let model = ModelDescription::load("hubert_ecg").unwrap();
    /// assert!(model.non_commercial && model.labels.as_deref() == Some("hubert_ecg"));
    /// ```
    ///
    /// # Errors
    /// There is neither a file nor a built-in of that name; the file cannot be read, or is no description.
    pub fn load(name_or_path: &str) -> Result<Self, DescriptionError> {
        let path = Path::new(name_or_path);
        if !path.is_file() {
            return Self::parse(name_or_path, built_in_text(name_or_path)?);
        }
        let problem = |problem: String| DescriptionError {
            origin: name_or_path.to_owned(),
            problem,
        };
        let size = std::fs::metadata(path).map_err(|e| problem(e.to_string()))?.len();
        if size > MAX_BYTES {
            return Err(problem(format!(
                "{size} bytes are too many for a description of a model"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|e| problem(e.to_string()))?;
        let dir = path.parent().unwrap_or(Path::new(""));
        Ok(Self::parse(name_or_path, &text)?.with_files_beside(dir))
    }

    /// Reads YAML; `origin` is its name in messages.
    ///
    /// # Errors
    /// What is no description, with line and column; a threshold that is no probability; weights with neither files nor a way
    /// to get them.
    pub fn parse(origin: &str, text: &str) -> Result<Self, DescriptionError> {
        let problem = |problem: String| DescriptionError {
            origin: origin.to_owned(),
            problem,
        };
        let model: Self = serde_yaml::from_str(text).map_err(|e| problem(e.to_string()))?;
        model.check().map_err(problem)?;
        Ok(model)
    }

    fn check(&self) -> Result<(), String> {
        if self.weights.files.is_empty() == self.weights.by_hand.is_none() {
            return Err("weights: give either `files`, or `by_hand` where no address is known".to_owned());
        }
        if self.labels.is_some() != self.returns.is_some() {
            return Err("give both `labels` and `returns`, or for an encoder neither".to_owned());
        }
        let families = ModelFamily::ALL.map(ModelFamily::name);
        if let Some(family) = self.family.as_deref().filter(|name| !families.contains(name)) {
            return Err(format!("family: `{family}` is none of {}", families.join(", ")));
        }
        let thresholds = self.thresholds.iter().flat_map(|t| &t.of);
        let mut wrong = thresholds.filter(|(_, value)| !(0.0..=1.0).contains(*value));
        match wrong.next() {
            Some((label, value)) => Err(format!("thresholds: {value} of `{label}` is no probability")),
            None => Ok(()),
        }
    }

    fn with_files_beside(mut self, dir: &Path) -> Self {
        let place = |name: &mut String| {
            let beside = dir.join(&*name);
            if let Some(beside) = beside.to_str().filter(|_| beside.is_file()) {
                *name = beside.to_owned();
            }
        };
        place(&mut self.recipe);
        self.labels.iter_mut().chain(&mut self.mappings).for_each(place);
        self
    }

    /// The licences as a model's card has them.
    pub fn card_licence(&self) -> CardLicence {
        CardLicence {
            code: Some(self.code.licence.clone()),
            weights: Some(self.weights.licence.clone()),
            non_commercial: self.non_commercial,
            sources: vec![self.code.url.clone(), self.weights.page.clone()],
        }
    }

    /// The recipe as a model's card has it.
    ///
    /// # Errors
    /// There is neither a file nor a built-in recipe of that name; its steps make no sense.
    pub fn card_recipe(&self) -> Result<CardRecipe, DescriptionError> {
        let problem = |problem: String| DescriptionError {
            origin: self.recipe.clone(),
            problem,
        };
        if !Path::new(&self.recipe).is_file() {
            return CardRecipe::built_in(&self.recipe).map_err(|e| problem(e.to_string()));
        }
        let text = std::fs::read_to_string(&self.recipe).map_err(|e| problem(e.to_string()))?;
        let steps = RecipeSteps::parse(&text).map_err(|e| problem(e.to_string()))?;
        steps.check().map_err(|e| problem(e.to_string()))?;
        Ok(CardRecipe { name: None, steps })
    }

    /// The licences in words.
    pub fn licence_text(&self) -> String {
        let (code, weights) = (&self.code.licence, &self.weights.licence);
        match code == weights {
            true => format!("{code} (code and weights)"),
            false => format!("{code} (code), {weights} (weights)"),
        }
    }
}

/// True where a model of that name is described in `configs/models/`.
pub fn is_known_model(name: &str) -> bool {
    KNOWN_MODELS.iter().any(|(known, _)| *known == name)
}

fn built_in_text(name: &str) -> Result<&'static str, DescriptionError> {
    let found = KNOWN_MODELS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| DescriptionError {
        origin: name.to_owned(),
        problem: format!(
            "neither a file nor one of the models known: {}",
            KNOWN_MODELS.map(|(known, _)| known).join(", ")
        ),
    })
}

/// All models of `configs/models/`.
///
/// # Errors
/// A description that does not parse.
pub fn known_models() -> Result<Vec<ModelDescription>, DescriptionError> {
    let all = KNOWN_MODELS.iter();
    all.map(|(name, text)| ModelDescription::parse(name, text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "name: a\ntitle: t\nabout: x\ncode: {url: u, licence: MIT}\nrecipe: ecg_fm\n";

    fn refused(text: &str) -> String {
        let text = format!("{LEAST}{text}");
        ModelDescription::parse("a.yaml", &text).unwrap_err().to_string()
    }

    #[test]
    fn every_known_model_goes_by_the_name_of_its_file() {
        let models = known_models().unwrap();
        let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, KNOWN_MODELS.map(|(name, _)| name));
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/models");
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), names.len());
    }

    #[test]
    fn what_forbids_commercial_use_is_marked_as_non_commercial() {
        for model in known_models().unwrap() {
            let forbids = model.licence_text().contains("NC");
            assert_eq!(model.non_commercial, forbids, "{}", model.name);
        }
    }

    #[test]
    fn a_description_that_makes_no_sense_is_refused_with_the_reason() {
        let weights = "weights: {page: p, licence: MIT, by_hand: ask}\n";
        for (text, problem) in [
            ("weights: {page: p, licence: MIT}\n".to_owned(), "either `files`"),
            (format!("{weights}labels: ecgfounder\n"), "`labels` and `returns`"),
            (format!("{weights}colour: red\n"), "unknown field `colour`"),
            (
                format!("{weights}family: bert\n"),
                "`bert` is none of ecg_fm, ecgfounder",
            ),
            (
                format!("{weights}thresholds: {{from: f, of: {{AF: 2}}}}\n"),
                "2 of `AF` is no",
            ),
            (
                format!("{weights}thresholds: {{from: f, of: {{AF: .nan}}}}\n"),
                "of `AF` is no",
            ),
        ] {
            let message = refused(&text);
            assert!(
                message.starts_with("a.yaml: ") && message.contains(problem),
                "{message}"
            );
        }
        let message = ModelDescription::load("ecgfounders").unwrap_err().to_string();
        assert!(message.contains("ecgfounder, hubert_ecg,"), "{message}");
    }

    #[test]
    fn files_that_a_description_names_lie_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mine.yaml");
        let text = "weights: {page: p, licence: MIT, by_hand: ask}\nlabels: set.yaml\nreturns: logits\n";
        std::fs::write(&path, format!("{LEAST}{text}")).unwrap();
        std::fs::write(dir.path().join("set.yaml"), "").unwrap();
        let model = ModelDescription::load(path.to_str().unwrap()).unwrap();
        assert_eq!(model.labels.as_deref(), dir.path().join("set.yaml").to_str());
        assert_eq!(model.recipe, "ecg_fm");
    }
}
