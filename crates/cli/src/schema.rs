//! The JSON Schema of pipeline files, for editors: every stage kind's parameters, under the keys of a pipeline.
//!
//! The schema is of draft-07, which every editor's YAML support knows; newer drafts are known to some only, and in part.

use ecgfm_pipeline::{StageKind, StageKinds};
use serde_json::{Map, Value, json};

/// The schema.
pub fn pipeline_file(kinds: &StageKinds) -> Value {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "ecgfm pipeline",
        "description": "A pipeline of ecgfm: stages, each with its parameters, and what flows between them.",
        "type": "object",
        "required": ["name", "stages"],
        "additionalProperties": false,
        "properties": file_properties(),
        // What a profile may still add is not missed.
        "if": { "not": { "required": ["profiles"] } },
        "then": { "properties": { "stages": { "additionalProperties": { "$ref": "#/definitions/whole_stage" } } } },
    });
    schema["allOf"] = kinds.iter().map(|kind| profile_rule(kind.name())).collect();
    schema["definitions"] = Value::Object(schema_definitions(kinds));
    schema
}

/// The keys of a file.
fn file_properties() -> Value {
    json!({
        "name": { "$ref": "#/definitions/name", "description": "The pipeline's name; runs are kept in <workdir>/<name>/<profile>/." },
        "description": { "$ref": "#/definitions/text", "description": "What the pipeline is for, one line." },
        "profiles": {
            "type": "object",
            "description": "Named changes of the variables and stages below; the first one is used where none is named.",
            "propertyNames": { "$ref": "#/definitions/name" },
            "additionalProperties": { "$ref": "#/definitions/profile" },
        },
        "vars": { "$ref": "#/definitions/vars" },
        "stages": {
            "type": "object",
            "description": "The stages by name, in any order: references say which comes first.",
            "minProperties": 1,
            "propertyNames": { "$ref": "#/definitions/stage_name" },
            "additionalProperties": { "$ref": "#/definitions/stage" },
        },
    })
}

fn schema_definitions(kinds: &StageKinds) -> Map<String, Value> {
    let mut all = Map::new();
    let mut add = |name: &str, schema: Value| all.insert(name.to_owned(), schema);
    add(
        "name",
        json!({ "type": ["string", "number", "boolean"], "pattern": "^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$" }),
    );
    add("text", json!({ "type": ["string", "number", "boolean"] }));
    let reserved = json!({ "not": { "enum": ["vars", "env", "profile", "run"] } });
    add(
        "stage_name",
        json!({ "allOf": [{ "$ref": "#/definitions/name" }, reserved] }),
    );
    add(
        "reference",
        json!({
            "type": "string",
            "pattern": "\\$\\{",
            "description": "A reference: ${vars.NAME}, ${STAGE.OUTPUT}, ${env.NAME} or ${profile}.",
        }),
    );
    add(
        "vars",
        json!({
            "type": ["object", "null"],
            "description": "Variables, referred to as ${vars.NAME}.",
            "propertyNames": { "$ref": "#/definitions/name" },
        }),
    );
    add("profile", profile_schema());
    add("stage", stage_schema(kinds));
    add("whole_stage", complete_stage_schema(kinds));
    for kind in kinds.iter() {
        add(&format!("with_{}", kind.name()), parameter_schema(kind.as_ref()));
    }
    all
}

fn profile_schema() -> Value {
    json!({
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "description": { "$ref": "#/definitions/text", "description": "What the profile is for, one line." },
            "vars": { "$ref": "#/definitions/vars" },
            "stages": {
                "type": ["object", "null"],
                "description": "Changes of stages: parameters are merged, `null` takes a stage away, a new name adds one.",
                "propertyNames": { "$ref": "#/definitions/stage_name" },
                "additionalProperties": { "anyOf": [{ "type": "null" }, { "$ref": "#/definitions/stage" }] },
            },
        },
    })
}

/// Rule for a profile's change of a stage, which keeps the kind that the stage has below `stages`. Where the stage is called
/// as its kind is, as nearly every one, a schema can say so.
fn profile_rule(kind: &str) -> Value {
    let with = format!("#/definitions/with_{kind}");
    let change = json!({
        "if": { "not": { "required": ["uses"] } },
        "then": { "properties": { "with": { "$ref": with } } },
    });
    let is = json!({ "required": ["uses"], "properties": { "uses": { "const": kind } } });
    let profile = json!({ "properties": { "stages": { "properties": { kind: change } } } });
    json!({
        "if": { "properties": { "stages": { "required": [kind], "properties": { kind: is } } } },
        "then": { "properties": { "profiles": { "additionalProperties": profile } } },
    })
}

fn stage_schema(kinds: &StageKinds) -> Value {
    let uses: Vec<Value> = kinds
        .iter()
        .map(|kind| json!({ "const": kind.name(), "description": kind.about() }))
        .collect();
    let parameters = |kind: &dyn StageKind| {
        let with = format!("#/definitions/with_{}", kind.name());
        json!({
            "if": { "required": ["uses"], "properties": { "uses": { "const": kind.name() } } },
            "then": { "properties": { "with": { "$ref": with } } },
        })
    };
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "uses": { "description": "The kind of stage, as `ecgfm kinds` lists them.", "oneOf": uses },
            "with": { "type": ["object", "null"], "description": "The stage's parameters." },
            "needs": {
                "description": "Stages that must be done first, beside those that the parameters refer to.",
                "anyOf": [
                    { "type": "null" },
                    { "$ref": "#/definitions/name" },
                    { "type": "array", "items": { "$ref": "#/definitions/name" } },
                ],
            },
        },
        "allOf": kinds.iter().map(|kind| parameters(kind.as_ref())).collect::<Vec<_>>(),
    })
}

/// A stage that nothing is added to: it has a kind, and what the kind requires.
fn complete_stage_schema(kinds: &StageKinds) -> Value {
    let mut all = vec![
        json!({ "$ref": "#/definitions/stage" }),
        json!({ "required": ["uses"] }),
    ];
    for kind in kinds.iter() {
        // Parameters that are required, always or where others are not given.
        let schema = kind.parameters();
        let rules = ["required", "if", "then"].into_iter();
        let rules: Map<_, _> = rules
            .filter_map(|rule| Some((rule.to_owned(), schema.get(rule)?.clone())))
            .collect();
        if !rules.is_empty() {
            all.push(json!({
                "if": { "required": ["uses"], "properties": { "uses": { "const": kind.name() } } },
                "then": { "required": ["with"], "properties": { "with": rules } },
            }));
        }
    }
    json!({ "allOf": all })
}

/// The parameters of a kind, each of which may be a reference.
fn parameter_schema(kind: &dyn StageKind) -> Value {
    let mut schema = kind.parameters();
    allow_references_inside(&mut schema);
    json!({
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": schema.get_mut("properties").map_or_else(|| json!({}), Value::take),
    })
}

/// Lets a reference stand for every value inside.
fn allow_references_inside(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(allow_reference);
    }
    if schema["items"].is_object() {
        allow_reference(&mut schema["items"]);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(forms) = schema.get_mut(key).and_then(Value::as_array_mut) {
            forms.iter_mut().for_each(allow_references_inside);
        }
    }
}

/// Lets a reference stand for the value. Its description and default stay outside, where editors look for it.
fn allow_reference(schema: &mut Value) {
    allow_references_inside(schema);
    let Some(form) = schema.as_object_mut() else {
        return;
    };
    let mut outer = Map::new();
    for key in ["description", "default"] {
        if let Some(value) = form.remove(key) {
            outer.insert(key.to_owned(), value);
        }
    }
    if is_any_text(form) {
        outer.extend(std::mem::take(form));
    } else {
        let form = Value::Object(std::mem::take(form));
        outer.insert(
            "anyOf".to_owned(),
            json!([form, { "$ref": "#/definitions/reference" }]),
        );
    }
    *schema = Value::Object(outer);
}

/// Says if any text will do, a reference as well.
fn is_any_text(form: &Map<String, Value>) -> bool {
    let text = match form.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        kind => kind.is_some_and(|kind| kind == "string"),
    };
    text && !["enum", "const", "pattern"]
        .iter()
        .any(|key| form.contains_key(*key))
}
