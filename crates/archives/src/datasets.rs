//! The archives known, by the name that the parameter `dataset` gives.

use crate::dataset::Dataset;
use crate::described::DatasetDescription;
use crate::error::Result;
use crate::{code15, listed};

/// The layout that is meant where none is named.
pub const DEFAULT: &str = "code15";

/// Names of the archives known, the default first. One that is added is a description in `configs/datasets`, or a line here and in
/// [`find_dataset`].
pub fn dataset_names() -> Vec<&'static str> {
    let own = [DEFAULT, listed::NAME];
    own.into_iter()
        .chain(DatasetDescription::built_in_names())
        .collect()
}

/// Regular expression of what names an archive: a name that is known, or the path of a YAML file.
pub fn dataset_pattern() -> String {
    let names = dataset_names().join("|");
    format!(r"^({names}|.*\.ya?ml)$")
}

/// The archive of that name, or the one that the YAML file of that path describes; none where there is no such name.
///
/// # Errors
/// The file cannot be read, or is no description.
pub fn find_dataset(name: &str) -> Result<Option<Box<dyn Dataset>>> {
    Ok(match name {
        DEFAULT => Some(Box::new(code15::Code15Layout)),
        listed::NAME => Some(Box::new(listed::ListedFiles)),
        _ => DatasetDescription::load(name)?.map(|found| Box::new(found) as Box<dyn Dataset>),
    })
}
