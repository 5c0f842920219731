//! JSON files that hold one value.

use crate::error::{Error, Result};
use serde::{Serialize, Serializer};
use std::path::Path;

/// Writes a value as indented JSON with a newline at the end.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|e| Error::invalid(path, e.to_string()))?;
    bytes.push(b'\n');
    crate::atomic::write_bytes(path, &bytes)
}

/// Reads JSON of a known shape; errors name line and column.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|e| Error::invalid(path, format!("not what it should be: {e}")))
}

/// Writes a rate that is a whole number of Hz without decimals.
pub(crate) fn whole_as_integer<S: Serializer>(
    rate: &Option<f64>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match rate {
        Some(rate) if rate.fract() == 0.0 => serializer.serialize_u64(*rate as u64),
        Some(rate) => serializer.serialize_f64(*rate),
        None => serializer.serialize_none(),
    }
}
