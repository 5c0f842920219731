//! What people read: every error about a pipeline file names its place and what was meant.
#![allow(missing_docs)]

mod toys;

use ecgfm_pipeline::{Pipeline, RunSettings, StageKinds};
use toys::{Bench, PIPELINE};

/// The rendered error of the toy pipeline after `from` is replaced by `to`.
fn after(from: &str, to: &str) -> String {
    assert!(PIPELINE.contains(from), "{from}");
    let bench = Bench::new();
    let text = PIPELINE.replacen(from, to, 1).replace("RAW", "data/raw.txt");
    said(&bench, &text, &[])
}

fn said(bench: &Bench, text: &str, set: &[&str]) -> String {
    let error = match bench.graph_of(text, set) {
        Ok(_) => panic!("the pipeline must be refused:\n{text}"),
        Err(error) => error,
    };
    assert_eq!(error.kind().exit_code(), 2);
    error.render()
}

fn set(arguments: &[&str]) -> String {
    said(&Bench::new(), PIPELINE, arguments)
}

#[test]
fn misspelt_keys_are_recognised_at_every_level() {
    let all = [
        after("vars: { raw", "varz: { raw"),
        after("description: small", "descripton: small"),
        after("    uses: splits", "    use: splits"),
        after("    uses: splits", "    seed: 4\n    uses: splits"),
        after("store: packed", "storee: packed"),
        after("store: packed", "quality: { flta: true }"),
        after("store: packed", "colour: red"),
        after("vars: { seed: 7 }", "vars: { sead: 7 }"),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn wrong_types_and_words_are_named_with_what_was_expected() {
    let all = [
        after("store: packed", "sample_rate: five hundred"),
        after("store: packed", "sample_rate: -500"),
        after("store: packed", "store: pakced"),
        after("store: packed", "quality: { max_noise: [1] }"),
        after("seed: 42", "seed: abc"),
        after("seed: 42", "seed: ~"),
        after("seed: ${vars.seed}", "seed: x${vars.seed}"),
        after("seed: ${vars.seed}", "seed: ${env.HOME}"),
        after("seed: ${vars.seed}", "fractions: [0.5, 0.4], seed: 1"),
        after("seed: ${vars.seed}", "fractions: [0.5, half], seed: 1"),
        after(", seed: ${vars.seed}", ""),
        after(
            "with: { records: ${signals.records}, seed: ${vars.seed} }",
            "with: 3",
        ),
        after(
            "    with: { records: ${signals.records}, seed: ${vars.seed} }\n",
            "",
        ),
        after("stages:\n", "stages: []\nx:\n"),
        after("vars: { raw: RAW, seed: 42 }", "vars: 12"),
        after("name: toy", "name: [toy]"),
        after("name: toy", "name: ../toy"),
        after("  splits:", "  a/b:"),
        after("  splits:", "  vars:"),
        after(
            "    uses: join\n    with: { from: [${signals.records}], word: label }\n",
            "",
        ),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn references_that_lead_nowhere_are_named_with_what_was_meant() {
    let all = [
        after("${splits.meta}", "${split.meta}"),
        after("${splits.meta}", "${splits.mta}"),
        after("${splits.meta}", "${vars.sed}"),
        after("${splits.meta}", "${vars.seed.x}"),
        after("${splits.meta}", "${env.HOMEE}"),
        after("${splits.meta}", "${seed.x}"),
        after("${splits.meta}", "${splits}"),
        after("${splits.meta}", "\"${splits.meta\""),
        after("${splits.meta}", "${}"),
        after("raw: RAW", "raw: ${signals.records}"),
        after("raw: RAW", "raw: '${splits.raw}/x'"),
        after("    uses: splits", "    needs: [labls]\n    uses: splits"),
        after(
            "sample: { description: small }",
            "sample: { stages: { splits: ~ } }",
        ),
        after(
            "sample: { description: small }",
            "sample: { stages: { synth: ~ } }",
        ),
        after("raw: RAW", "list: [1], raw: 'a ${vars.list}'"),
        after("raw: RAW", "map: { key: 1 }, raw: '${vars.map.kee}'"),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn circles_are_drawn() {
    let all = [
        after(
            "{ raw: ${vars.raw}, store: packed }",
            "{ raw: ${manifests.joined} }",
        ),
        after("${splits.meta}", "${manifests.joined}"),
        after(
            "raw: RAW, seed: 42",
            "raw: '${vars.a}', a: '${vars.b}/x', b: '${vars.raw}', seed: 1",
        ),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn unknown_kinds_and_missing_ones_are_named() {
    let all = [
        after("uses: splits", "uses: split"),
        after("uses: splits", "uses: banana"),
        after("    uses: splits\n", ""),
        after(
            "    uses: splits\n    with: { records: ${signals.records}, seed: ${vars.seed} }\n",
            "",
        ),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_shape_of_the_file_is_checked() {
    let bench = Bench::new();
    let all = [
        "",
        "just text",
        "name: x",
        "name: x\nstages: {}",
        "stages: { a: { uses: join } }",
        "name: x\nstages:\n  a: { uses: join\n",
    ]
    .map(|text| said(&bench, text, &[]));
    let doubled = after("  labels:", "  signals:");
    insta::assert_snapshot!(format!("{}\n{doubled}", all.join("\n")));
}

#[test]
fn bad_settings_are_named_with_what_was_meant() {
    let all = [
        set(&["vars.sed=3"]),
        set(&["seed=3"]),
        set(&["signals"]),
        set(&["=3"]),
        set(&["vars=3"]),
        set(&["signal.store=mat"]),
        set(&["signals.storee=mat"]),
        set(&["signals.store=mtt"]),
        set(&["signals.sample_rate=many"]),
        set(&["signals.quality.flatt=true"]),
        set(&["signals.quality.max_noise=loud"]),
        set(&["vars.seed=many"]),
        set(&["vars.seed.x=1"]),
        set(&["vars.seed=[1"]),
        set(&["splits.seed=${vars.sede}"]),
        said(
            &Bench::new(),
            &PIPELINE.replace("seed: 7", "other: 7"),
            &["vars.other=3"],
        ),
        said(
            &Bench::new(),
            &PIPELINE.replace(
                "description: small",
                "stages: { signals: { with: { raw: own } } }",
            ),
            &["vars.raw=mine"],
        ),
        said(
            &Bench::new(),
            &PIPELINE.replace("seed: ${vars.seed}", "seed: 1"),
            &["vars.seed=7"],
        ),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn an_unknown_profile_and_an_unreadable_file_are_named() {
    let pipeline = Pipeline::parse("pipelines/toy.yaml", PIPELINE).unwrap();
    let profile = |name: &str| {
        let settings = RunSettings {
            profile: Some(name.to_owned()),
            ..RunSettings::default()
        };
        pipeline
            .graph(&StageKinds::new(), &settings)
            .unwrap_err()
            .render()
    };
    let absent = Pipeline::load("no/such.yaml".as_ref()).unwrap_err();
    assert_eq!(absent.kind().exit_code(), 2);
    insta::assert_snapshot!([profile("ful"), profile("everything"), absent.render()].join("\n"));
}

#[test]
fn profiles_add_change_and_remove_stages() {
    let bench = Bench::new();
    let text = "\
name: toy
profiles:
  sample:
    stages:
      source: { uses: join, with: { from: [] } }
      signals: { with: { raw: ${source.joined}, quality: { flat: true } } }
      export: ~
  full: ~
vars: { raw: data }
stages:
  signals: { uses: signals, with: { raw: ${vars.raw}, quality: { max_noise: 0.5 } } }
  report: { uses: join, needs: [signals], with: { from: [], word: '$${literal} in ${profile}' } }
  export: { uses: join, with: { from: [] } }
";
    let shown = |profile: &str| {
        let settings = RunSettings {
            profile: Some(profile.to_owned()),
            ..bench.settings(&[])
        };
        let graph = Pipeline::parse("toy.yaml", text)
            .unwrap()
            .graph(&bench.kinds, &settings)
            .unwrap();
        let params: Vec<_> = graph
            .stages()
            .iter()
            .map(|s| format!("{}: {}", s.name(), s.params()))
            .collect();
        bench.plain(&format!("{}{}\n", graph.text(), params.join("\n")))
    };
    insta::assert_snapshot!([shown("sample"), shown("full")].join("\n"));
}

#[test]
fn graphs_are_drawn_three_ways() {
    let graph = Bench::new()
        .graph_of(
            &PIPELINE.replace("  report:\n", "  report:\n    needs: splits\n"),
            &[],
        )
        .unwrap();
    insta::assert_snapshot!([graph.text(), graph.mermaid(), graph.dot()].join("\n"));
}

#[test]
fn settings_keep_their_types_and_replace_what_was_there() {
    let bench = Bench::new();
    let graph = bench.graph(&[
        "vars.seed=7",
        "signals.quality.flat=true",
        "splits.fractions=[0.5, 0.5]",
        "labels.word=\"7\"",
    ]);
    let params = |name: &str| graph.stage(name).unwrap().params().clone();
    assert_eq!(params("splits")["seed"], 7);
    assert_eq!(params("splits")["fractions"][1], 0.5);
    assert_eq!(params("signals")["quality"]["flat"], true);
    assert_eq!(params("labels")["word"], "7");
    assert_eq!(graph.vars()["seed"], 7);
}

#[test]
fn output_paths_follow_parameters() {
    let bench = Bench::new();
    let store = |set: &[&str]| {
        let graph = bench.graph(set);
        let stage = graph.stage("signals").unwrap();
        stage
            .outputs()
            .iter()
            .find(|o| o.name == "store")
            .unwrap()
            .relative
            .clone()
    };
    assert_eq!(
        (store(&[]), store(&["signals.store=mat"])),
        ("packed.bin".to_owned(), "mat.bin".to_owned())
    );
}

#[test]
fn variables_that_grow_without_bound_are_refused() {
    let mut vars = String::from("v0: xxxxxxxxxxxxxxxx");
    for i in 1..30 {
        vars.push_str(&format!(", v{i}: '${{vars.v{0}}}${{vars.v{0}}}'", i - 1));
    }
    let text = PIPELINE.replace("seed: 42", &vars);
    assert!(said(&Bench::new(), &text, &[]).contains("too long once its references are replaced"));
    // In order the values nest ever deeper or grow ever larger; in reverse the chain of references does.
    let chained = |value: &str, reverse: bool, count: usize| {
        let var = |i: usize| {
            format!(
                "v{i}: {}",
                value.replace("LAST", &format!("${{vars.v{}}}", i - 1))
            )
        };
        let mut vars: Vec<String> = [String::from("v0: x")]
            .into_iter()
            .chain((1..count).map(var))
            .collect();
        if reverse {
            vars.reverse();
        }
        said(
            &Bench::new(),
            &PIPELINE.replace("seed: 42", &vars.join(", ")),
            &[],
        )
    };
    assert!(chained("['LAST', 'LAST']", false, 30).contains("too large once its references are replaced"));
    assert!(chained("['LAST']", false, 300).contains("nested deeper than 128"));
    assert!(chained("['LAST']", true, 300).contains("more than 32 variables refer to one another"));
}
