//! The JSON Schema of pipeline files, judged by Python's jsonschema.

use crate::common::{ecgfm, ok, python, root};
use serde_json::Value;
use std::process::Stdio;

const FILE: &str = "docs/schema/pipeline.schema.json";

#[test]
fn the_schema_in_docs_is_the_one_that_the_program_prints() {
    let kept = std::fs::read_to_string(root().join(FILE)).unwrap();
    let printed = ok(ecgfm().arg("schema"));
    assert!(
        kept == printed,
        "after a change of parameters: ecgfm schema > {FILE}"
    );
}

#[test]
fn every_pipeline_begins_with_the_line_by_which_editors_find_the_schema() {
    for entry in std::fs::read_dir(root().join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let named = text
            .lines()
            .next()
            .unwrap()
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap();
        let schema = path.parent().unwrap().join(named).canonicalize().unwrap();
        assert_eq!(schema, root().join(FILE).canonicalize().unwrap());
    }
}

/// Reads {"schema", "documents"} and prints how many errors each document has.
const JUDGE: &str = "
import json, sys, jsonschema
given = json.load(sys.stdin)
jsonschema.Draft7Validator.check_schema(given['schema'])
judge = jsonschema.Draft7Validator(given['schema'])
print(json.dumps([[e.message[:200] for e in judge.iter_errors(d)] for d in given['documents']]))
";

/// The errors of each pipeline; nothing where there is no Python.
fn judged(pipelines: &[String]) -> Option<Vec<Vec<String>>> {
    let mut python = python()?;
    let schema: Value = serde_json::from_str(&ok(ecgfm().arg("schema"))).unwrap();
    let documents: Vec<Value> = pipelines
        .iter()
        .map(|text| serde_yaml::from_str(text).unwrap())
        .collect();
    let given = serde_json::json!({ "schema": schema, "documents": documents }).to_string();
    let mut judge = python
        .args(["-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut judge.stdin.take().unwrap(), given.as_bytes()).unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn pipelines_fit_the_schema_and_slips_do_not() {
    let code15 = std::fs::read_to_string(root().join("pipelines/code15.yaml")).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(code15.contains(from), "{from}");
        code15.replacen(from, to, 1)
    };
    let right = [
        code15.clone(),
        changed("fractions: [0.1, 0.1, 0.8]", "fractions: '${vars.fractions}'"),
        changed("seed: ${vars.seed}", "seed: 7"),
        changed("batch_size: auto", "batch_size: 16"),
        changed("device: auto", "device: cuda:1"),
        changed("device: auto", "device: '${env.DEVICE}'"),
        changed("store: packed", "on_bad: { limb_leads: reject }"),
        changed("threshold: 0.5", "threshold: 1"),
        "{ name: a, stages: { s: { uses: synth, with: { mix: { RBBB: 0.5 }, faults: { nan: 2 } } } } }"
            .to_owned(),
        "{ name: a, profiles: { p: { stages: { s: null } } }, stages: { s: { uses: signals } } }".to_owned(),
    ];
    let wrong = [
        changed("store: packed", "storee: packed"),
        changed("store: packed", "store: pakced"),
        changed("sample_rate: 500", "sample_rate: fast"),
        changed("sample_rate: 500", "sample_rate: 0"),
        changed("fractions: [0.1, 0.1, 0.8]", "fractions: [a, b]"),
        changed("uses: labels", "uses: label"),
        changed("needs: [signals]", "need: [signals]"),
        changed("threshold: 0.5", "threshold: 50"),
        changed("device: auto", "device: gpu"),
        changed("batch_size: auto", "batch_size: 0"),
        changed("description: the real thing", "descripton: the real thing"),
        changed("name: code15", "title: code15"),
        "{ name: a, stages: { s: { uses: signals } } }".to_owned(),
        "{ name: a, stages: { vars: { uses: synth } } }".to_owned(),
        "{ name: a, stages: {} }".to_owned(),
    ];
    let Some(errors) = judged(&[right.as_slice(), wrong.as_slice()].concat()) else {
        return;
    };
    for (at, errors) in errors.iter().enumerate() {
        let (text, fits) = match at.checked_sub(right.len()) {
            None => (&right[at], true),
            Some(at) => (&wrong[at], false),
        };
        assert_eq!(errors.is_empty(), fits, "{text}\n{errors:?}");
    }
}
