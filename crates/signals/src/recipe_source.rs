//! Recipes by name, or out of a file: a list of steps, or a model's card.

use crate::error::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::recipe::steps::{BUILT_IN, RecipeSteps, built_in};
use ecgfm_artifacts::stage_params::ModelCard;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Largest file of a recipe, in bytes; a card with its golden vectors beside it is far smaller.
const LARGEST: u64 = 1 << 22;

/// Returns true for the name of a recipe that is built in.
pub fn is_built_in_recipe(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name)
}

/// Reads the steps of a recipe: a built-in one by name, a YAML file of steps, or a model's card.
///
/// # Errors
/// There is neither a recipe nor a file of that name; the file holds no recipe, or one that makes no sense.
///
/// ```
/// assert!(ecgfm_signals::load_recipe("ecgfounder").is_ok());
/// ```
pub fn load_recipe(name: &str) -> Result<RecipeSteps> {
    let refused = |what: String| Error::parameter("recipe", what);
    let steps = if is_built_in_recipe(name) {
        built_in(name).map_err(|error| refused(format!("is refused: {error}")))?
    } else {
        let text = read_text(Path::new(name))?;
        let of_file = match text.trim_start().starts_with('{') {
            true => steps_of_card(&text),
            false => RecipeSteps::parse(&text).map_err(|error| without_label(error.to_string())),
        };
        of_file.map_err(|why| refused(format!("is `{name}`, which cannot be used: {why}")))?
    };
    match steps.check() {
        Ok(_) => Ok(steps),
        Err(error) => Err(refused(format!(
            "is `{name}`, which makes no sense: {}",
            without_label(error.to_string())
        ))),
    }
}

/// The message without `recipe: `, which the parameter says.
fn without_label(message: String) -> String {
    message
        .strip_prefix("recipe: ")
        .map(str::to_owned)
        .unwrap_or(message)
}

fn read_text(path: &Path) -> Result<String> {
    let shown = path.display();
    let refused = |what: String| Error::parameter("recipe", what);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            let known = BUILT_IN.map(|(known, _)| known).join("`, `");
            return Err(refused(format!(
                "is `{shown}`, and there is no such file; built in are `{known}`"
            )));
        }
        Err(error) => return Err(ArtifactError::io("open", path)(error).into()),
    };
    let mut text = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut text);
    read.map_err(ArtifactError::io("read", path))?;
    if text.len() as u64 > LARGEST {
        let what = format!("is `{shown}`, which has more than {LARGEST} bytes and is no recipe");
        return Err(refused(what));
    }
    String::from_utf8(text).map_err(|_| refused(format!("is `{shown}`, which is no text")))
}

fn steps_of_card(text: &str) -> std::result::Result<RecipeSteps, String> {
    let card: ModelCard = serde_json::from_str(text).map_err(|error| format!("not a model card: {error}"))?;
    let recipe = card
        .recipe
        .ok_or_else(|| "the card has no recipe; export the model again, or name its recipe".to_owned())?;
    Ok(recipe.steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_read_by_name_from_steps_and_from_a_card() {
        let dir = tempfile::tempdir().unwrap();
        let merl = built_in("merl").unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            load_recipe(path.to_str().unwrap())
        };
        assert_eq!(load_recipe("merl").unwrap(), merl);
        assert_eq!(
            file("own.yaml", BUILT_IN.iter().find(|(n, _)| *n == "merl").unwrap().1).unwrap(),
            merl
        );
        assert_eq!(
            file("steps.json", &serde_json::to_string(&merl).unwrap()).unwrap(),
            merl
        );
        let card = |recipe: &str| {
            format!(
                r#"{{"format_version": 1, "labels": 0, "input": {{"leads": 12, "min_samples": 1}}, "model": {{"sha256": ""}}{recipe}}}"#
            )
        };
        assert_eq!(
            file("model.json", &card(r#", "recipe": {"name": "merl"}"#)).unwrap(),
            merl
        );
        for (text, words) in [
            (card(""), "the card has no recipe"),
            ("{".to_owned(), "not a model card"),
            ("- {step: dance}".to_owned(), "dance"),
            (
                "- {step: flatten}".to_owned(),
                "makes no sense: steps: the length",
            ),
            (
                "- {step: scale_by_batch}".to_owned(),
                "makes no sense: scale_by_batch: looks at other ECGs",
            ),
        ] {
            let message = file("bad", &text).unwrap_err().to_string();
            assert!(
                message.starts_with("parameter `recipe` is `") && message.contains(words),
                "{message}"
            );
        }
        let message = load_recipe("bert").unwrap_err().to_string();
        assert!(message.contains("no such file; built in are `clef`"), "{message}");
    }
}
