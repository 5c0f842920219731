//! `ecgfm kinds recipe`: the steps that a recipe may have, and the recipes that are built in.

use super::print_json;
use crate::console::{print_stdout, println_stdout};
use crate::parameters::{list_parameters, parameter_table};
use ecgfm_pipeline::Error;
use ecgfm_recipe::steps::{BUILT_IN, RecipeStep};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// Name beside those of stage kinds.
pub(super) const NAME: &str = "recipe";

/// A step, as its JSON Schema has it.
struct StepSchema {
    name: String,
    meaning: String,
    /// Schema of its fields.
    fields: Value,
}

/// Prints every step with its fields, and the built-in recipes.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn explain(as_json: bool) -> Result<(), Error> {
    let steps = list_steps();
    if as_json {
        let step =
            |step: &StepSchema| json!({ "step": step.name, "about": step.meaning, "fields": step.fields });
        let built_in = BUILT_IN.map(|(name, text)| json!({ "name": name, "about": first_comment(text) }));
        return print_json(&json!({
            "kind": NAME, "steps": steps.iter().map(step).collect::<Vec<_>>(), "built_in": built_in,
        }));
    }
    println_stdout!(
        "{NAME}: ordered steps from a recording to what a model is given: a YAML list of `{{ step: NAME, FIELD: VALUE }}`\n\
         \x20 `signals.recipe` and `ecgfm convert --recipe` take a built-in name, a file of steps, or a model's card\n\
         \x20 A step works on the recording until `segments` has cut it, and on each segment after that."
    );
    for step in &steps {
        println_stdout!("\n{}: {}", step.name, step.meaning);
        let fields = list_parameters(&step.fields, &[]);
        print_stdout!("{}", parameter_table(&fields));
    }
    println_stdout!("\nbuilt in");
    let width = BUILT_IN.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, text) in BUILT_IN {
        println_stdout!("  {name:width$}  {}", first_comment(text));
    }
    Ok(())
}

/// The comment that a built-in recipe begins with, in one line.
fn first_comment(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

fn list_steps() -> Vec<StepSchema> {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = settings
        .into_generator()
        .into_root_schema_for::<RecipeStep>()
        .to_value();
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
    variants.into_iter().map(step_of_schema).collect()
}

fn step_of_schema(mut schema: Value) -> StepSchema {
    let name = schema["properties"]["step"]["const"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let meaning = schema["description"].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = schema["properties"].as_object_mut() {
        fields.shift_remove("step");
    }
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| name != "step");
    }
    StepSchema {
        name,
        meaning,
        fields: schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_listed_with_its_fields_their_defaults_and_bounds() {
        let steps = list_steps();
        let text = |name: &str| {
            let step = steps.iter().find(|step| step.name == name).unwrap();
            assert!(!step.meaning.is_empty());
            parameter_table(&list_parameters(&step.fields, &[]))
        };
        assert_eq!(steps.len(), 17);
        assert!(steps.iter().all(|step| !step.name.is_empty()));
        assert_eq!(text("flatten"), "");
        let butterworth = text("butterworth");
        for words in ["pass", "order", "hz", "form", "from 1 to", "band", "sos"] {
            assert!(butterworth.contains(words), "{words}: {butterworth}");
        }
        let normalize = text("normalize");
        for words in ["z_score", "min_max", "record", "0.0"] {
            assert!(normalize.contains(words), "{words}: {normalize}");
        }
    }

    #[test]
    fn every_built_in_recipe_says_whose_it_is() {
        for (_, text) in BUILT_IN {
            assert!(first_comment(text).len() > 20, "{text}");
        }
    }
}
