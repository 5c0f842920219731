//! Sizes and switches of a network that no weight's shape tells.

use super::shapes::MAX_SIZE;
use crate::document::read_document;
use crate::{Error, Result};
use ecgfm_formats::pt::{PickleValue, WeightsFile};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Longest list in a checkpoint's configuration that is read.
const MAX_LIST: usize = 64;

/// What a configuration says of a network: a file that is given, or the file beside the weights, or what the checkpoint itself holds.
pub(super) struct Settings {
    /// File that holds them.
    path: PathBuf,
    values: Map<String, Value>,
}

impl Settings {
    /// Reads the settings of a file of weights; none are there where nothing says any. `key` is where a checkpoint holds them.
    ///
    /// # Errors
    /// When a configuration file cannot be read.
    pub(super) fn read(file: &WeightsFile, given: Option<&Path>, key: &str) -> Result<Self> {
        if let Some(path) = given.or_else(|| file.configuration_file()) {
            let mut whole = read_document(path)?;
            // The card of an export has the sizes in a part of its own.
            let inner = whole.get_mut("config").map(Value::take);
            let values = match inner.unwrap_or(whole) {
                Value::Object(values) => values,
                _ => Map::new(),
            };
            let path = path.to_owned();
            return Ok(Self { path, values });
        }
        let held = file
            .checkpoint()
            .and_then(|checkpoint| checkpoint.root().get(key));
        Ok(Self {
            path: file.path().to_owned(),
            values: held.map(pickled_values).unwrap_or_default(),
        })
    }

    /// A whole number from 1; none where it is not set.
    ///
    /// # Errors
    /// When it is set to anything else.
    pub(super) fn size(&self, key: &str) -> Result<Option<i64>> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_i64() {
                Some(size @ 1..=MAX_SIZE) => Ok(Some(size)),
                _ => Err(self.refuse(key, &format!("a whole number from 1 to {MAX_SIZE} is needed"))),
            },
        }
    }

    /// A list of whole numbers from `least`; none where it is not set, or is no list.
    ///
    /// # Errors
    /// When the list has anything else in it.
    pub(super) fn sizes(&self, key: &str, least: i64) -> Result<Option<Vec<i64>>> {
        let Some(Value::Array(list)) = self.values.get(key) else {
            return Ok(None);
        };
        let size = |value: &Value| value.as_i64().filter(|size| (least..=MAX_SIZE).contains(size));
        let sizes: Option<Vec<i64>> = list.iter().map(size).collect();
        sizes.map(Some).ok_or_else(|| {
            self.refuse(
                key,
                &format!("a list of whole numbers from {least} to {MAX_SIZE} is needed"),
            )
        })
    }

    /// Refuses a setting of another value than the one that is built; one that is not set has it.
    ///
    /// # Errors
    /// When it is set to another value.
    pub(super) fn require(&self, key: &str, supported: &Value) -> Result<()> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(()),
            Some(value) if value == supported => Ok(()),
            // 1e-5 and 1E-05 are one number, in whatever type a checkpoint has it.
            Some(value) if value.as_f64().is_some() && value.as_f64() == supported.as_f64() => Ok(()),
            Some(_) => Err(self.refuse(key, &format!("supported is {supported}"))),
        }
    }

    /// Error about a setting.
    pub(super) fn refuse(&self, key: &str, supported: &str) -> Error {
        Error::Config {
            path: self.path.clone(),
            key: key.to_owned(),
            value: self
                .values
                .get(key)
                .map_or_else(|| "(absent)".to_owned(), ToString::to_string),
            supported: supported.to_owned(),
        }
    }

    /// Error for sizes that nothing says.
    pub(super) fn missing(&self, what: &str) -> Error {
        Error::NoConfiguration {
            path: self.path.clone(),
            missing: what.to_owned(),
        }
    }
}

/// The attributes of a pickled object, or the pairs of a dict: those that are numbers, texts, switches or lists of such.
fn pickled_values(held: PickleValue<'_>) -> Map<String, Value> {
    let state = held.as_opaque().and_then(|object| object.state);
    let pairs = state.unwrap_or(held).items();
    pairs
        .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), plain_value(value)?)))
        .collect()
}

fn plain_value(value: PickleValue<'_>) -> Option<Value> {
    let elements = value.elements();
    if elements.len() > 0 && elements.len() <= MAX_LIST {
        return elements.map(scalar).collect::<Option<Vec<_>>>().map(Value::from);
    }
    scalar(value)
}

fn scalar(value: PickleValue<'_>) -> Option<Value> {
    if let Some(flag) = value.as_bool() {
        return Some(flag.into());
    }
    let number = value
        .as_i64()
        .map(Value::from)
        .or_else(|| value.as_f64().map(Value::from));
    number.or_else(|| value.as_str().map(Value::from))
}
