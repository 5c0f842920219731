//! The archives known, by the name that the parameter `dataset` gives.

use crate::dataset::Dataset;
use crate::{code15, listed};

/// The archives known, the default first. One that is added is a line here.
pub const DATASETS: [Dataset; 2] = [code15::DATASET, listed::DATASET];

/// Names of the archives known, the default first.
pub fn dataset_names() -> [&'static str; DATASETS.len()] {
    DATASETS.map(|dataset| dataset.name)
}

/// The archive of that name.
pub fn find_dataset(name: &str) -> Option<Dataset> {
    DATASETS.into_iter().find(|dataset| dataset.name == name)
}
