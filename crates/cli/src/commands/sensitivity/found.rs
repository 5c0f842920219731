//! All that was found.

use super::change::DepartureChange;
use ecgfm_recipe::steps::RecipeSteps;

/// A departure that was left out, and why.
pub(super) struct LeftOut {
    pub(super) name: &'static str,
    pub(super) why: String,
}

/// All that was found.
pub(super) struct Sensitivity {
    /// That of the recipe itself first, the others by falling mean change.
    pub(super) changes: Vec<DepartureChange>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) notices: Vec<String>,
}

/// What a departure does, for people.
pub(super) fn about(name: &str) -> &'static str {
    let all = RecipeSteps(Vec::new()).departures();
    let found = all.into_iter().find(|departure| departure.name == name);
    found.map_or("", |departure| departure.about)
}
