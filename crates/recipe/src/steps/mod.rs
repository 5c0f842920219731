//! Recipes of any model: ordered steps as data, checked before any recording is read, and applied to one recording.
//!
//! A step works on the recording until `segments` has cut it, and on each segment after that. Numbers are float64 from the
//! first step to the last; semantics are scipy's and numpy's.

mod apply;
mod built_in;
mod check;
mod cut;
mod departures;
mod difference;
mod ecg_fm_list;
mod facts;
mod filters;
mod lead_names;
mod list;
mod normalize;
mod resampling;
mod segment_recipe;
mod shared;
mod step;
mod values;
mod workspace;

pub use apply::{LeadSignals, ModelInput};
pub use built_in::{BUILT_IN, built_in};
pub use check::CheckedRecipe;
pub use departures::Departure;
pub use difference::RecipeDifference;
pub use list::RecipeSteps;
pub use segment_recipe::{RecipeForm, SegmentRecipe};
pub use shared::apply_together;
pub use step::{
    FilterForm, MissingLead, MissingValue, NormalizeKind, PassBand, RecipeStep, ResampleMethod, Rounding,
    Scope, ShortRecording, Take,
};
pub use workspace::Workspace;
