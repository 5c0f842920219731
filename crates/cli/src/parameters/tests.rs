//! What is said of parameters is what the stages accept.

use super::*;
use crate::kinds::all_kinds;
use ecgfm_pipeline::StageKind;
use serde_json::json;

/// `with` of nothing but what a kind requires.
fn least(kind: &dyn StageKind) -> Value {
    let schema = kind.parameters();
    let required = schema["required"].as_array().into_iter().flatten();
    let value = |name: &str| match name {
        "fractions" => json!([1.0]),
        "names" => json!(["all"]),
        "models" => json!({ "one": "some/path", "two": "another/path" }),
        _ => json!("some/path"),
    };
    // Needed by all strategies of splits but one, by signals of one archive, so that the schema does not require them.
    let further = [("splits", "fractions"), ("splits", "names"), ("signals", "raw")]
        .into_iter()
        .filter(|(of, _)| *of == kind.name())
        .map(|(_, name)| name);
    let least: Map<_, _> = required
        .filter_map(Value::as_str)
        .chain(further)
        .map(|name| {
            let value = match name {
                // A label set is looked up.
                "labels" if kind.name() == "predict" => json!("physionet2021"),
                name => value(name),
            };
            (name.to_owned(), value)
        })
        .collect();
    Value::Object(least)
}

/// Every schema below one, with its path.
fn walk(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        walk(inner, &format!("{path}.{name}"), visit);
    }
    for key in ["oneOf", "anyOf"] {
        for (at, form) in schema[key].as_array().into_iter().flatten().enumerate() {
            walk(form, &format!("{path}|{at}"), visit);
        }
    }
}

#[test]
fn every_parameter_and_every_word_has_a_meaning() {
    let mut seen = 0;
    for kind in all_kinds().iter() {
        assert_eq!(
            kind.parameters()["additionalProperties"],
            false,
            "{}",
            kind.name()
        );
        walk(&kind.parameters(), kind.name(), &mut |path, schema| {
            seen += 1;
            let named = path.rsplit(['.', '|']).next() != Some(path) && !path.contains('|');
            let word = schema["const"].is_string();
            let told = !words::meaning_text(schema).is_empty();
            assert!(told || !(named || word), "{path} has no meaning: {schema}");
            assert!(
                !words::meaning_text(schema).contains("[`"),
                "{path} has a link that only rustdoc follows"
            );
            assert!(schema["$ref"].is_null(), "{path} refers elsewhere");
            // Words without meanings are for mappings whose keys have one.
            assert!(
                schema["enum"].is_null() || told,
                "{path}: words without a meaning"
            );
        });
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn defaults_are_those_that_the_stage_fills_in() {
    let mut compared = 0;
    for kind in all_kinds().iter() {
        let given = least(kind.as_ref());
        let filled = kind.check(&given).expect("the least that is required");
        let schema = kind.parameters();
        let properties = schema["properties"].as_object();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, parameter) in properties.into_iter().flatten() {
            if !required.contains(&json!(name)) && given[name].is_null() {
                assert_eq!(parameter["default"], filled[name], "{}.{name}", kind.name());
                compared += 1;
            }
            let inner = inner_parameters(parameter)
                .into_iter()
                .filter_map(|key| Some((key.name, key.default?)));
            for (key, default) in inner.filter(|_| filled[name].is_object()) {
                assert_eq!(
                    default,
                    words::yaml_text(&filled[name][&key]),
                    "{}.{name}.{key}",
                    kind.name()
                );
            }
        }
        let known: Vec<_> = filled
            .as_object()
            .into_iter()
            .flat_map(|filled| filled.keys())
            .collect();
        // A parameter without a default may be left out of what is filled in.
        let told: Vec<_> = (properties.into_iter().flatten())
            .filter(|(name, told)| filled.get(name).is_some() || !told["default"].is_null())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(known, told, "{}", kind.name());
    }
    assert!(compared > 40, "{compared}");
}

/// Values that a schema allows, and values just outside of what it does.
fn samples(schema: &Value) -> (Vec<Value>, Vec<Value>) {
    let (mut right, mut wrong) = (Vec::new(), vec![json!({ "no such key": 1 })]);
    let forms = words::value_forms(schema);
    for form in &forms {
        right.extend(form["examples"].as_array().into_iter().flatten().cloned());
        right.extend(form["enum"].as_array().into_iter().flatten().cloned());
        right.extend((!form["const"].is_null()).then(|| form["const"].clone()));
        for key in ["minimum", "maximum"] {
            right.extend((!form[key].is_null()).then(|| form[key].clone()));
        }
        let low = form["minimum"].as_f64().map(|low| json!(low - 1.0));
        let low = low.or_else(|| form["exclusiveMinimum"].as_f64().map(|low| json!(low)));
        wrong.extend(
            low.into_iter()
                .chain(form["maximum"].as_f64().map(|high| json!(high + 1.0))),
        );
    }
    let text = |form: &&&Value| {
        let kinds = form["type"].to_string();
        kinds.contains("string")
            && form["const"].is_null()
            && form["enum"].is_null()
            && form["pattern"].is_null()
    };
    match forms.iter().find(text) {
        Some(_) => right.push(json!("some text")),
        None => wrong.push(json!("no such word")),
    }
    (right, wrong)
}

#[test]
fn what_the_schema_allows_is_accepted_and_what_it_does_not_is_refused() {
    // What a parameter allows by itself may need another one beside it.
    let together = [
        "choose_by",
        "choose_on",
        "threshold",
        "thresholds",
        "on_bad",
        "parts",
        "leads",
        "label_set",
        "segment_seconds",
        "strategy",
        "column",
        "folds",
        "truth",
    ];
    let mut tried = 0;
    for kind in all_kinds().iter() {
        let schema = kind.parameters();
        for (name, parameter) in schema["properties"].as_object().into_iter().flatten() {
            let (right, wrong) = samples(parameter);
            let check = |value: &Value| {
                let mut with = least(kind.as_ref());
                with[name] = value.clone();
                kind.check(&with)
            };
            for value in right.iter().filter(|_| !together.contains(&name.as_str())) {
                let checked = check(value);
                assert!(
                    checked.is_ok(),
                    "{}.{name}: {value} should be accepted: {checked:?}",
                    kind.name()
                );
                tried += 1;
            }
            for value in &wrong {
                assert!(
                    check(value).is_err(),
                    "{}.{name}: {value} should be refused",
                    kind.name()
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn the_words_for_a_kind_are_those_a_person_reads() {
    let all = all_kinds();
    let infer = all.get("infer").expect("a kind");
    let text = parameter_table(&list_parameters(&infer.parameters(), infer.inputs()));
    insta::assert_snapshot!(text);
}
