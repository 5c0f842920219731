//! Stages signals, labels, splits, manifests.

use super::ahead;
use super::binding::{
    StageBinding, holds_all_inputs, no_check, no_extra_facts, no_further_inputs, nothing_made_again,
    refused_parameters,
};
use super::definitions::{
    DATASET, DATASET_OF_SOURCE, LABEL_SET, RECIPE, RECIPE_BY_NAME, TEXT_RULES, TEXT_RULES_BY_SOURCE,
    config_fact, dataset_fact, recipe_fact,
};
use ecgfm_artifacts::labelset::Definition;
use ecgfm_labels as labels;
use ecgfm_manifests as manifests;
use ecgfm_pipeline::{CodeChange, OutputSpec, ParamError, ParamProblem};
use ecgfm_signals as signals;
use ecgfm_splits as splits;
use ecgfm_stage::FailureClass;

/// A parameter that makes no sense, at its place in the pipeline file.
fn refused_signals(error: signals::Error) -> ParamError {
    match error {
        signals::Error::Parameter { name, what } => ParamError::invalid(name, what),
        other => refused_parameters(&other),
    }
}

/// A parameter that makes no sense, at its place in the pipeline file.
fn refused_labels(error: labels::Error) -> ParamError {
    match error {
        labels::Error::Parameter { name, what } => ParamError::invalid(name, what),
        other => refused_parameters(&other),
    }
}

/// A parameter that makes no sense, at its place in the pipeline file.
fn refused_splits(error: splits::Error) -> ParamError {
    match error {
        splits::Error::Parameter { name, what } => ParamError::invalid(name, what),
        other => refused_parameters(&other),
    }
}

/// Neither one archive nor several.
fn missing_raw() -> ParamError {
    ParamError {
        path: Vec::new(),
        problem: ParamProblem::MissingKey {
            key: "raw".to_owned(),
        },
        help: None,
        class: FailureClass::Config,
    }
}

pub fn signals() -> StageBinding<signals::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the whole directory"),
        OutputSpec::new("records", "meta.csv", "one row a kept exam").unless("recipes"),
        OutputSpec::new("segments", "segmented.csv", "one row a segment").unless("recipes"),
        OutputSpec::new(
            "rejected",
            "rejected.csv",
            "one row an exam set aside, with the reason",
        )
        .unless("recipes"),
        OutputSpec::new("quality", "quality.csv", "one row a doubt about a kept exam").unless("recipes"),
    ];
    StageBinding {
        name: "signals",
        about: "raw recordings to standardised segments",
        version: 7,
        changes: &[
            CodeChange(
                2,
                "numbers with two shortest texts are written as Python writes them",
            ),
            CodeChange(3, "a packed store has parts of 512 exams"),
            CodeChange(4, "doubts about kept exams go into quality.csv"),
            CodeChange(5, "the store says what its segments are"),
            CodeChange(
                6,
                "sample rates are held against the signal, doubtful files flagged",
            ),
            CodeChange(7, "the store says by which steps its segments were made"),
        ],
        outputs: OUTPUTS,
        inputs: &["raw", "sources.raw"],
        idle: &["threads"],
        separate: &["recipes"],
        further: no_further_inputs,
        points_at: |params| match params.store {
            signals::Store::View => &["raw", "sources"],
            signals::Store::Packed | signals::Store::Packed16 | signals::Store::Mat => &[],
        },
        made_again: |params| signals::sample_dirs(&params.recipes),
        named: &[DATASET, DATASET_OF_SOURCE, RECIPE, RECIPE_BY_NAME],
        check: |params| {
            if params.raw.is_none() && params.sources.is_empty() {
                return Err(missing_raw());
            }
            params.check().map_err(refused_signals)
        },
        look_ahead: ahead::signals,
        extra: |params| {
            let of_source = |(number, source): (usize, &signals::SourceArchive)| {
                dataset_fact(&format!("sources.{number}.dataset"), &source.dataset)
            };
            let of_sources = params.sources.iter().enumerate().filter_map(of_source);
            let recipe = params.recipe.iter().map(|recipe| recipe_fact("recipe", recipe));
            let recipes = params.recipes.iter();
            let recipes = recipes.map(|(name, recipe)| recipe_fact(&format!("recipes.{name}"), recipe));
            Ok(dataset_fact("dataset", &params.dataset)
                .into_iter()
                .chain(of_sources)
                .chain(recipe)
                .chain(recipes)
                .collect())
        },
        chunked: true,
        run: |params, ctx| Ok(signals::run(params, ctx)?),
    }
}

pub fn labels() -> StageBinding<labels::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the whole directory"),
        OutputSpec::new(
            "labels",
            "labels.csv",
            "the truth: one row an exam, one column a label",
        ),
        OutputSpec::new(
            "definition",
            "label_def.csv",
            "counts, shares and weights of the labels",
        ),
        OutputSpec::new("array", "y.npy", "the truth as an array, row = idx"),
        OutputSpec::new("weights", "pos_weight.txt", "positive weights for training"),
    ];
    StageBinding {
        name: "labels",
        about: "the truth of every kept exam",
        version: 3,
        changes: &[
            CodeChange(
                2,
                "numbers with two shortest texts are written as Python writes them",
            ),
            CodeChange(3, "a label that is not known is empty, and NaN in y.npy"),
        ],
        outputs: OUTPUTS,
        inputs: &["records", "splits"],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[LABEL_SET, TEXT_RULES, TEXT_RULES_BY_SOURCE],
        check: |params| params.check().map_err(refused_labels),
        look_ahead: ahead::labels,
        extra: |params| {
            let set = config_fact("label_set", Definition::Labels, &params.label_set);
            let rules = params.from.rules.as_deref();
            let rules = rules.map(|name| config_fact("from.rules", Definition::TextRules, name));
            let by_source = params.by_source.iter().filter_map(|(source, origin)| {
                let parameter = format!("by_source.{source}.rules");
                Some(config_fact(
                    &parameter,
                    Definition::TextRules,
                    origin.rules.as_deref()?,
                ))
            });
            Ok(std::iter::once(set).chain(rules).chain(by_source).collect())
        },
        chunked: false,
        run: |params, ctx| Ok(labels::run(params, ctx)?),
    }
}

pub fn splits() -> StageBinding<splits::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the whole directory"),
        OutputSpec::new("meta", "meta_split.csv", "the split of every exam"),
        OutputSpec::new("segmented", "segmented_split.csv", "the split of every segment").optional(),
    ];
    StageBinding {
        name: "splits",
        about: "every exam into one split, every segment after its exam",
        version: 3,
        changes: &[
            CodeChange(2, "exams without a patient are split one by one"),
            CodeChange(3, "tables carry the columns of groups and dates"),
        ],
        outputs: OUTPUTS,
        inputs: &["records", "segments"],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[],
        check: |params| params.check().map_err(refused_splits),
        look_ahead: ahead::splits,
        extra: no_extra_facts,
        chunked: false,
        run: |params, ctx| Ok(splits::run(params, ctx)?),
    }
}

pub fn manifests() -> StageBinding<manifests::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the manifests, one a split, and their keys"),
        OutputSpec::new("index", "index.csv", "the key of every line"),
    ];
    StageBinding {
        name: "manifests",
        about: "lists of segments as fairseq-signals reads them",
        version: 1,
        changes: &[],
        outputs: OUTPUTS,
        inputs: &["splits"],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[],
        check: no_check,
        look_ahead: ahead::manifests,
        extra: no_extra_facts,
        chunked: false,
        run: |params, ctx| Ok(manifests::run(params, ctx)?),
    }
}
