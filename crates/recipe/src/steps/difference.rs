//! Where two recipes part.

use super::list::RecipeSteps;
use super::step::{MissingLead, RecipeStep};
use crate::leads;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// The first step in which two recipes differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipeDifference {
    /// Number of the step, from 1 on; `trim_padding` and a selection of all leads in their order are not counted.
    pub number: usize,
    /// Name of the step: in the second recipe, or in the first where the second has ended.
    pub name: &'static str,
    /// Details, with `{first}` and `{second}` in the place of the recipes.
    detail: String,
}

impl RecipeDifference {
    /// The difference in words: `step 3, butterworth: hz is [0.5,40] in the store's recipe and [0.67,40] in the model's`, given
    /// `the store's recipe` and `the model's`.
    ///
    /// ```
    /// use ecgfm_recipe::steps::built_in;
    /// let (a, b) = (built_in("ecg_fm").unwrap(), built_in("ecg_fm_quickstart").unwrap());
    /// let difference = a.first_difference(&b).unwrap();
    /// assert_eq!(
    ///     difference.between("the store's recipe", "the model's"),
    ///     "step 2: normalize in the store's recipe and flat_to_zero in the model's"
    /// );
    /// ```
    pub fn between(&self, first: &str, second: &str) -> String {
        let detail = self.detail.replace("{first}", first).replace("{second}", second);
        format!("step {}{detail}", self.number)
    }
}

impl fmt::Display for RecipeDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.between("the first recipe", "the second"))
    }
}

impl RecipeSteps {
    /// The steps that belong to a model, whatever the archive: without `trim_padding` at the start, and without a selection of
    /// all leads in their order.
    fn of_model(&self) -> impl Iterator<Item = &RecipeStep> {
        let counts = |(place, step): (usize, &&RecipeStep)| {
            let trims = place == 0 && **step == RecipeStep::TrimPadding;
            !trims && !selects_all(step)
        };
        let steps = self.0.iter().enumerate();
        steps
            .filter(move |(i, step)| counts((*i, step)))
            .map(|(_, step)| step)
    }

    /// The first step in which two recipes differ; none where they prepare recordings alike. A leading `trim_padding`
    /// belongs to the archive, and is left out.
    pub fn first_difference(&self, other: &Self) -> Option<RecipeDifference> {
        let (mut mine, mut theirs) = (self.of_model(), other.of_model());
        for number in 1.. {
            let (name, detail) = match (mine.next(), theirs.next()) {
                (None, None) => break,
                (Some(a), Some(b)) if are_same(a, b) => continue,
                (Some(a), None) => (
                    a.name(),
                    format!(": {} in {{first}} and none in {{second}}", a.name()),
                ),
                (None, Some(b)) => (
                    b.name(),
                    format!(": none in {{first}} and {} in {{second}}", b.name()),
                ),
                (Some(a), Some(b)) => (b.name(), detail_of(a, b)),
            };
            return Some(RecipeDifference { number, name, detail });
        }
        None
    }
}

/// True for a selection of all twelve leads in the standard order, none of which may be missing: what no selection is, too.
fn selects_all(step: &RecipeStep) -> bool {
    match step {
        RecipeStep::Leads { names, missing, .. } => {
            *missing == MissingLead::Refuse && lower(names) == leads::NAMES.map(str::to_lowercase)
        }
        _ => false,
    }
}

fn lower(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.trim().to_lowercase()).collect()
}

fn are_same(a: &RecipeStep, b: &RecipeStep) -> bool {
    match (a, b) {
        (RecipeStep::Leads { names, .. }, RecipeStep::Leads { names: others, .. }) => {
            let mut named = a.clone();
            if let RecipeStep::Leads { names, .. } = &mut named {
                names.clone_from(others);
            }
            lower(names) == lower(others) && named == *b
        }
        _ => a == b,
    }
}

/// Details of two steps that differ: their names, or their fields of different values.
fn detail_of(a: &RecipeStep, b: &RecipeStep) -> String {
    if a.name() != b.name() {
        return format!(": {} in {{first}} and {} in {{second}}", a.name(), b.name());
    }
    let (a_fields, b_fields) = (fields(a), fields(b));
    let names: BTreeSet<&String> = a_fields.keys().chain(b_fields.keys()).collect();
    let text = |fields: &Map<String, Value>, name: &String| {
        let value = fields.get(name).filter(|value| !value.is_null());
        value.map_or_else(|| "not given".to_owned(), shortened)
    };
    let differing = names.into_iter().filter_map(|name| {
        let (mine, theirs) = (a_fields.get(name), b_fields.get(name));
        (mine != theirs).then(|| {
            let (mine, theirs) = (text(&a_fields, name), text(&b_fields, name));
            format!("{name} is {mine} in {{first}} and {theirs} in {{second}}")
        })
    });
    format!(", {}: {}", b.name(), differing.collect::<Vec<_>>().join("; "))
}

/// Fields of a step by name.
fn fields(step: &RecipeStep) -> Map<String, Value> {
    match serde_json::to_value(step) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Characters of a value that a message has room for.
const LONGEST: usize = 60;

fn shortened(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::built_in;

    fn steps(text: &str) -> RecipeSteps {
        RecipeSteps::parse(text).unwrap()
    }

    fn difference(a: &str, b: &str) -> Option<String> {
        steps(a)
            .first_difference(&steps(b))
            .map(|difference| difference.to_string())
    }

    const NOTCH: &str = "{step: notch, hz: 50, q: 30}";

    #[test]
    fn recipes_that_prepare_alike_do_not_differ() {
        for recipe in ["ecg_fm", "echonext"] {
            let recipe = built_in(recipe).unwrap();
            assert_eq!(recipe.first_difference(&recipe), None);
        }
        let all =
            format!("[{{step: leads, names: [I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6]}}, {NOTCH}]");
        assert_eq!(
            difference(&format!("[{{step: trim_padding}}, {NOTCH}]"), &all),
            None
        );
        assert_eq!(
            difference(
                "[{step: leads, names: [I, v1]}]",
                "[{step: leads, names: [i, V1]}]"
            ),
            None
        );
        assert_eq!(
            difference(
                "[{step: scale, multiply: 1000}]",
                "[{step: scale, multiply: 1000.0, divide: 1, round: false}]"
            ),
            None
        );
    }

    #[test]
    fn the_first_step_that_differs_is_numbered_and_named() {
        let other = "[{step: notch, hz: 60, q: 30}]";
        assert_eq!(
            difference(&format!("[{{step: trim_padding}}, {NOTCH}]"), other).unwrap(),
            "step 1, notch: hz is 50.0 in the first recipe and 60.0 in the second"
        );
        assert_eq!(
            difference(&format!("[{NOTCH}]"), &format!("[{NOTCH}, {{step: flatten}}]")).unwrap(),
            "step 2: none in the first recipe and flatten in the second"
        );
        assert_eq!(
            difference(
                "[{step: leads, names: [V1, I]}]",
                "[{step: leads, names: [I, V1], derive: true}]"
            )
            .unwrap(),
            "step 1, leads: derive is false in the first recipe and true in the second; \
             names is [\"V1\",\"I\"] in the first recipe and [\"I\",\"V1\"] in the second"
        );
        let resample = "[{step: resample, method: fft, hz: 500}]";
        let found = steps(resample).first_difference(&steps("[{step: resample, method: fft, samples: 9}]"));
        let found = found.unwrap();
        assert_eq!((found.number, found.name), (1, "resample"));
        assert_eq!(
            found.between("the store's recipe", "the model's"),
            "step 1, resample: hz is 500.0 in the store's recipe and not given in the model's; \
             samples is not given in the store's recipe and 9 in the model's"
        );
        let many = format!(
            "[{{step: affine, subtract: [{0}], divide: [1]}}]",
            "1.25, ".repeat(40)
        );
        let message = difference(&many, "[{step: affine, subtract: [2], divide: [1]}]").unwrap();
        assert!(message.contains("… in the first recipe"), "{message}");
    }
}
