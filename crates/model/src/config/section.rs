//! The section of a configuration that describes the network: in a checkpoint, or in a file of its own.

use super::{ARCHITECTURE, Config, HEADLESS, MAX_SIZE};
use crate::document::read_document;
use crate::{Error, Result};
use ecgfm_formats::pt::{self, WeightsFile};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// `cfg.model` of the reference's training code, under its keys.
#[derive(Debug)]
pub(super) struct Section {
    /// File that holds the section.
    path: PathBuf,
    /// Keys above the section, as in `cfg.model`; empty where the section is the whole file.
    place: String,
    pub(super) model: Map<String, Value>,
}

/// A configuration file, by its content.
#[derive(Debug)]
pub(super) enum ConfigFile {
    /// A card of one of our exports, whose `config` is complete.
    Card(Config),
    /// The configuration of the reference's training code.
    Section(Section),
}

impl ConfigFile {
    /// Reads a YAML or JSON file.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let refused = |message: String| Error::ConfigFile {
            path: path.to_owned(),
            message,
        };
        let whole = read_document(path)?;
        if let Ok(config) = Config::deserialize(&whole["config"]) {
            return Ok(Self::Card(config));
        }
        let places: [(&str, &[&str]); 3] =
            [("cfg.model", &["cfg", "model"]), ("model", &["model"]), ("", &[])];
        let found = places.into_iter().find_map(|(place, keys)| {
            let found = keys
                .iter()
                .try_fold(&whole, |value, key| value.get(key))?
                .as_object()?;
            found.contains_key("_name").then(|| (place, found.clone()))
        });
        match found {
            Some((place, model)) => Ok(Self::Section(Section {
                path: path.to_owned(),
                place: place.to_owned(),
                model,
            })),
            None => Err(refused(
                "no `_name` of a network in it, neither at its top nor under `model` or `cfg.model`, and no `config` as in the \
                 card of an export"
                    .to_owned(),
            )),
        }
    }
}

/// Text that says which sizes are accepted.
pub(super) fn whole_number() -> String {
    format!("a whole number from 1 to {MAX_SIZE} is needed")
}

/// A value as Python would print it.
fn python_text(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// A value of a checkpoint as JSON has it. What is no number, text, bool or None is of a wrong type wherever it is asked
/// for, so its kind is kept and not its content.
fn to_json(value: pt::PickleValue<'_>) -> Value {
    if value.is_none() {
        Value::Null
    } else if let Some(flag) = value.as_bool() {
        flag.into()
    } else if let Some(integer) = value.as_i64() {
        integer.into()
    } else if let Some(float) = value.as_f64() {
        float.into()
    } else if let Some(text) = value.as_str() {
        text.into()
    } else {
        vec![Value::from(value.description())].into()
    }
}

impl Section {
    /// Returns the section in the file of the weights itself.
    pub(super) fn of_weights(weights: &WeightsFile) -> Result<Self> {
        let path = weights.path().to_owned();
        let Some((place, model)) = weights.configuration() else {
            weights.required()?;
            let missing = "how many heads the attention has, and the strides of the convolutions".to_owned();
            return Err(Error::NoConfiguration { path, missing });
        };
        let pairs = model.items();
        Ok(Self {
            path,
            place: place.to_owned(),
            model: pairs
                .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), to_json(value))))
                .collect(),
        })
    }

    pub(super) fn refuse(&self, key: &str, value: String, supported: &str) -> Error {
        let key = match self.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        };
        Error::Config {
            path: self.path.clone(),
            key,
            value,
            supported: supported.to_owned(),
        }
    }

    fn get(&self, key: &str) -> Result<&Value> {
        self.model.get(key).ok_or_else(|| {
            self.refuse(
                key,
                "(absent)".to_owned(),
                "it is needed; every checkpoint of the reference has it",
            )
        })
    }

    /// Refuses what the forward pass here does not do. Where an older checkpoint lacks one of these keys, the reference's
    /// default is the value that is supported.
    pub(super) fn require_supported(&self) -> Result<()> {
        let name = self.text("_name")?;
        if name != ARCHITECTURE && !HEADLESS.contains(&name) {
            let supported = format!(
                "supported are the classifier, {ARCHITECTURE}, and encoders: {}",
                HEADLESS.join(", ")
            );
            return Err(self.refuse("_name", format!("{name:?}"), &supported));
        }
        if let Some(mode) = self.model.get("extractor_mode")
            && mode.as_str() != Some("default")
        {
            return Err(self.refuse(
                "extractor_mode",
                python_text(mode),
                "supported is \"default\", one group norm after the first layer",
            ));
        }
        for (key, reason) in [
            (
                "layer_norm_first",
                "supported is False, normalisation after each block",
            ),
            ("saliency", "supported is False"),
            (
                "normalize",
                "supported is False: the signals stage standardises, the model does not",
            ),
            ("filter", "supported is False: signals reach the model unfiltered"),
            (
                "quantize_input",
                "supported is False: the encoder reads features as they are",
            ),
        ] {
            if self.flag(key)?.unwrap_or(false) {
                return Err(self.refuse(key, "True".to_owned(), reason));
            }
        }
        Ok(())
    }

    pub(super) fn text(&self, key: &str) -> Result<&str> {
        let value = self.get(key)?;
        value
            .as_str()
            .ok_or_else(|| self.refuse(key, python_text(value), "a string is needed"))
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.model.get(key) {
            None => Ok(None),
            Some(value) => match value.as_bool() {
                Some(flag) => Ok(Some(flag)),
                None => Err(self.refuse(key, python_text(value), "True or False is needed")),
            },
        }
    }

    pub(super) fn size(&self, key: &str) -> Result<i64> {
        let value = self.get(key)?;
        match value.as_i64() {
            Some(size @ 1..=MAX_SIZE) => Ok(size),
            _ => Err(self.refuse(key, python_text(value), &whole_number())),
        }
    }

    pub(super) fn require_divisor(&self, key: &str, part: i64, whole: i64) -> Result<()> {
        if whole % part == 0 {
            return Ok(());
        }
        Err(self.refuse(
            key,
            part.to_string(),
            &format!("it must divide encoder_embed_dim, which is {whole}"),
        ))
    }

    /// The label count: the configuration's, the head's, and both must agree where both are there; 0 for an encoder.
    pub(super) fn labels(&self, weights: &WeightsFile) -> Result<i64> {
        if HEADLESS.contains(&self.text("_name")?) {
            return Ok(0);
        }
        weights.required()?;
        let Some(head) = weights.weight("proj.weight") else {
            let what = "but the weights have no head, `proj.weight`: give the configuration that they were trained with";
            return Err(self.refuse("_name", format!("{ARCHITECTURE:?}"), what));
        };
        let head = head.shape.first().copied();
        let head = head
            .and_then(|labels| i64::try_from(labels).ok())
            .filter(|labels| (1..=MAX_SIZE).contains(labels));
        let configured = match self.model.get("num_labels") {
            None | Some(Value::Null) => None,
            Some(_) => Some(self.size("num_labels")?),
        };
        match (configured, head) {
            (Some(configured), Some(head)) if configured != head => {
                let supported = format!("but proj.weight has {head} rows; they must agree");
                Err(self.refuse("num_labels", configured.to_string(), &supported))
            }
            (_, Some(head)) => Ok(head),
            (_, None) => Err(self.refuse(
                "num_labels",
                "(unknown)".to_owned(),
                "proj.weight has no usable first dimension",
            )),
        }
    }
}
