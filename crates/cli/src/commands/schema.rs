//! `ecgfm schema`: the JSON Schema of pipeline files.

use super::print_json;
use ecgfm_pipeline::Error;

/// Prints it.
pub fn schema() -> Result<(), Error> {
    print_json(&crate::schema::pipeline_file(&crate::kinds::all_kinds()))
}
