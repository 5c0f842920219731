//! `ecgfm kinds model`: the models known, what each takes and gives, and what it may be used for.

use super::print_json;
use crate::console::{print_stdout, println_stdout};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recipe::steps::built_in;
use ecgfm_stage_params::{ModelDescription, known_models};
use serde_json::json;

/// Heads of the columns.
const HEADS: [&str; 6] = ["model", "family", "takes", "gives", "recipe", "licence"];

/// Lists the models.
pub fn list(json: bool) -> Result<(), Error> {
    let models = known_models().map_err(|e| Error::new(ErrorKind::Config, e.to_string()))?;
    if json {
        return print_json(&models.iter().map(model_json).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 6]> = models.iter().map(row).collect();
    print_stdout!("{}", aligned(&rows));
    println_stdout!(
        "\n`ecgfm show model NAME` prints a description, to read or to copy; `ecgfm fetch NAME` downloads its weights, or says how to \
         get them;\n`ecgfm export FILE --model NAME -o NAME.ts` makes a model of them, whose card says all of this."
    );
    Ok(())
}

fn row(model: &ModelDescription) -> [String; 6] {
    let mark = if model.non_commercial {
        "NON-COMMERCIAL: "
    } else {
        ""
    };
    [
        model.name.clone(),
        model.family.as_deref().unwrap_or("TorchScript").to_owned(),
        input_shape(model).map_or_else(String::new, |(rows, samples)| format!("{rows} × {samples}")),
        label_count(model).map_or_else(|| "features".to_owned(), |labels| format!("{labels} labels")),
        model.recipe.clone(),
        format!("{mark}{}", model.licence_text()),
    ]
}

/// Rows and samples of a segment.
fn input_shape(model: &ModelDescription) -> Option<(usize, usize)> {
    let recipe = built_in(&model.recipe).ok()?.check().ok()?;
    Some((recipe.rows(), recipe.samples()))
}

fn label_count(model: &ModelDescription) -> Option<usize> {
    Some(LabelSet::load(model.labels.as_deref()?).ok()?.labels.len())
}

fn model_json(model: &ModelDescription) -> serde_json::Value {
    let shape = input_shape(model);
    json!({
        "model": model,
        "rows": shape.map(|(rows, _)| rows),
        "samples": shape.map(|(_, samples)| samples),
        "label_count": label_count(model),
    })
}

/// The rows below their heads, in columns.
fn aligned(rows: &[[String; 6]]) -> String {
    let heads = HEADS.map(str::to_owned);
    let all = || std::iter::once(&heads).chain(rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let line = |row: &[String; 6]| {
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, cell)| {
            let room = width(column) - cell.chars().count();
            format!("{cell}{}", " ".repeat(room))
        });
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    all().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::labelset::Mapping;

    /// Recipe, label set, mappings and thresholds of every model that is known.
    #[test]
    fn everything_that_a_model_names_is_there_and_fits() {
        for model in known_models().unwrap() {
            let name = &model.name;
            built_in(&model.recipe).unwrap().check().unwrap();
            let Some(labels) = &model.labels else {
                assert!(
                    model.mappings.is_empty() && model.thresholds.is_none(),
                    "{name}: an encoder"
                );
                continue;
            };
            let labels = LabelSet::load(labels).unwrap();
            for mapping in &model.mappings {
                Mapping::load(mapping)
                    .unwrap()
                    .check_from(mapping, &labels)
                    .unwrap();
            }
            let thresholds = model.thresholds.iter().flat_map(|t| t.of.keys());
            let strange: Vec<_> = thresholds
                .filter(|label| !labels.names().contains(&label.as_str()))
                .collect();
            assert!(strange.is_empty(), "{name}: {strange:?}");
        }
    }

    #[test]
    fn every_mapping_from_a_models_labels_is_named_by_its_model() {
        use ecgfm_artifacts::labelset::Definition;
        let models = known_models().unwrap();
        let named: Vec<&String> = models.iter().flat_map(|model| &model.mappings).collect();
        for (mapping, _) in Definition::Mapping.built_in() {
            assert!(named.iter().any(|name| *name == mapping), "{mapping}");
        }
    }

    #[test]
    fn a_model_that_is_not_for_commercial_use_is_marked() {
        let model = ModelDescription::load("hubert_ecg").unwrap();
        assert_eq!(
            row(&model)[2..],
            [
                "1 × 6000",
                "164 labels",
                "hubert_ecg",
                "NON-COMMERCIAL: CC BY-NC 4.0 (code and weights)"
            ]
        );
        let model = ModelDescription::load("ecg_jepa").unwrap();
        assert_eq!(row(&model)[2..4], ["8 × 2500", "features"]);
    }
}
