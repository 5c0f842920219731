//! The recipes of `configs/recipes/`, built into the program.

use super::list::RecipeSteps;
use crate::error::{Error, Result};

/// Names and texts of the recipes.
pub const BUILT_IN: [(&str, &str); 11] = [
    ("clef", include_str!("../../../../configs/recipes/clef.yaml")),
    (
        "deepecg",
        include_str!("../../../../configs/recipes/deepecg.yaml"),
    ),
    (
        "demo_net1d",
        include_str!("../../../../configs/recipes/demo_net1d.yaml"),
    ),
    (
        "echonext",
        include_str!("../../../../configs/recipes/echonext.yaml"),
    ),
    ("ecg_fm", include_str!("../../../../configs/recipes/ecg_fm.yaml")),
    (
        "ecg_fm_quickstart",
        include_str!("../../../../configs/recipes/ecg_fm_quickstart.yaml"),
    ),
    (
        "ecg_jepa",
        include_str!("../../../../configs/recipes/ecg_jepa.yaml"),
    ),
    (
        "ecgfounder",
        include_str!("../../../../configs/recipes/ecgfounder.yaml"),
    ),
    (
        "hubert_ecg",
        include_str!("../../../../configs/recipes/hubert_ecg.yaml"),
    ),
    ("merl", include_str!("../../../../configs/recipes/merl.yaml")),
    ("st_mem", include_str!("../../../../configs/recipes/st_mem.yaml")),
];

/// The recipe of that name.
///
/// # Errors
/// A name that is none of [`BUILT_IN`].
///
/// ```
/// assert!(ecgfm_recipe::steps::built_in("ecgfounder").is_ok());
/// ```
pub fn built_in(name: &str) -> Result<RecipeSteps> {
    let found = BUILT_IN.iter().find(|(known, _)| *known == name);
    let (_, text) = found.ok_or_else(|| Error::NoRecipe {
        problem: format!(
            "`{name}` is none of {}",
            BUILT_IN.map(|(known, _)| known).join(", ")
        ),
    })?;
    RecipeSteps::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecg_fm::EcgFm;

    #[test]
    fn every_recipe_is_read_and_makes_sense() {
        for (name, text) in BUILT_IN {
            let checked = built_in(name).unwrap().check();
            assert!(checked.is_ok(), "{name}: {checked:?}");
            assert!(text.starts_with("# "), "{name} names its source");
        }
        assert!(
            built_in("bert")
                .unwrap_err()
                .to_string()
                .contains("none of clef, deepecg")
        );
    }

    #[test]
    fn steps_are_written_as_they_are_read() {
        let steps = built_in("hubert_ecg").unwrap();
        let text = serde_json::to_string(&steps).unwrap();
        assert_eq!(serde_json::from_str::<RecipeSteps>(&text).unwrap(), steps);
    }

    #[test]
    fn the_list_of_ecg_fm_is_known_and_others_are_not() {
        assert_eq!(built_in("ecg_fm").unwrap().as_ecg_fm(), Some(EcgFm::default()));
        for name in ["ecg_fm_quickstart", "ecgfounder", "merl"] {
            assert_eq!(built_in(name).unwrap().as_ecg_fm(), None, "{name}");
        }
    }
}
