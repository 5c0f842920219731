//! Configuration files of other programs: YAML or JSON.

use crate::{Error, Result};
use serde_json::Value;
use std::path::Path;

/// The longest configuration file that is read; the published ones have 4 to 20 KB.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a YAML or JSON file.
///
/// # Errors
/// When it cannot be read, is too long, or is neither.
pub(crate) fn read_document(path: &Path) -> Result<Value> {
    let refused = |message: String| Error::ConfigFile {
        path: path.to_owned(),
        message,
    };
    let size = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
    if size > MAX_BYTES {
        return Err(refused(format!("{size} bytes, and {MAX_BYTES} are the limit")));
    }
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    // Every JSON file is YAML too, but a JSON parser names places better.
    let json = path.extension().is_some_and(|extension| extension == "json");
    match json {
        true => serde_json::from_str(&text).map_err(|error| refused(error.to_string())),
        false => serde_yaml::from_str(&text).map_err(|error| refused(error.to_string())),
    }
}
