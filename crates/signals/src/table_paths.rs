//! Paths by which the tables refer to what is in the stage's directory.

use crate::error::{Error, Result};
use crate::mat;
use crate::params::Store;
use ecgfm_artifacts::store::{MAT_DIR, PACKED_DIR};
use ecgfm_artifacts::{Error as ArtifactError, key};
use std::path::Path;

/// Names of the segments of a recording, in order.
pub(crate) fn segment_names(save_file: &str, count: usize) -> impl Iterator<Item = String> + use<> {
    let save_file = save_file.to_owned();
    (0..count).map(move |i| key::segment_key(&save_file, i))
}

/// How the tables refer to what is in the stage's directory: absolute paths for a `mat` store, which other tools open;
/// paths relative to the directory above for any other, which can then be moved.
pub(crate) struct TablePaths {
    prefix: String,
    store: Store,
}

impl TablePaths {
    /// For the stage directory that will be at `home`; of several recipes, for the one of that name.
    pub(crate) fn new(home: &Path, store: Store, recipe: Option<&str>) -> Result<Self> {
        let path = if store == Store::Mat {
            std::path::absolute(home).map_err(ArtifactError::io("resolve", home))?
        } else {
            home.file_name()
                .map_or_else(|| Path::new("signals"), Path::new)
                .to_owned()
        };
        let text = path.to_str().ok_or_else(|| {
            let what = "the path is not valid UTF-8, and tables cannot hold it; use another run directory";
            Error::bad_input(&path, what)
        })?;
        let text = text.trim_end_matches('/');
        Ok(Self {
            prefix: recipe.map_or_else(|| text.to_owned(), |name| format!("{text}/{name}")),
            store,
        })
    }

    /// The path of a recording's own `.mat` file, or where it would be.
    pub(crate) fn recording(&self, save_file: &str) -> String {
        format!("{}/{}/{save_file}", self.prefix, mat::ORG_DIR)
    }

    /// The path of a segment, by its key.
    pub(crate) fn segment(&self, key: &str) -> String {
        let (dir, extension) = match self.store {
            Store::Mat => (MAT_DIR, ".mat"),
            Store::Packed | Store::Packed16 | Store::View => (PACKED_DIR, ""),
        };
        format!("{}/{dir}/{key}{extension}", self.prefix)
    }
}
