//! Before the first stage runs: promises pass along the graph, mistakes are told together, each at its place.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use ecgfm_pipeline::{
    Cancel, Context, Environment, Error, ErrorKind, FailureClass, Graph, LookAheadContext, LookAheadFindings,
    NamedOrPath, Outcome, OutputSpec, ParamError, Pipeline, RunOptions, RunSettings, SilentObserver,
    StageError, StageKind, StageKinds, StageSelection, canonical_params, parse_params,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    file: PathBuf,
    #[serde(default)]
    wants: Option<String>,
    #[serde(default)]
    word: Option<String>,
}

/// Copies a file; promises its first word.
struct Copy;

const OUTPUTS: &[OutputSpec] = &[OutputSpec::new("copy", "copy.txt", "the copy")];
const NAMED: &[NamedOrPath] = &[NamedOrPath {
    parameter: "word",
    built_in: |name| name == "known",
}];

fn first_word(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.split(' ').next().map(str::to_owned)
}

impl StageKind for Copy {
    fn name(&self) -> &'static str {
        "copy"
    }
    fn about(&self) -> &'static str {
        "Copies."
    }
    fn version(&self) -> u32 {
        1
    }
    fn outputs(&self) -> &'static [OutputSpec] {
        OUTPUTS
    }
    fn inputs(&self) -> &'static [&'static str] {
        &["file"]
    }
    fn names_or_paths(&self) -> &'static [NamedOrPath] {
        NAMED
    }
    fn check(&self, with: &Value) -> Result<Value, ParamError> {
        canonical_params::<Params>(with)
    }
    fn look_ahead(&self, with: &Value, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
        let (mut found, params) = (
            LookAheadFindings::default(),
            parse_params::<Params>(with).unwrap(),
        );
        let word = match (ahead.kept_dir(), ahead.promises(&params.file)) {
            (Some(left), _) => first_word(&left.join("copy.txt")),
            (None, Some(promises)) => promises.get("word").and_then(Value::as_str).map(str::to_owned),
            (None, None) => first_word(&params.file),
        };
        if let (None, None) = (&word, ahead.promises(&params.file)) {
            let error = ParamError::invalid("file", "is not there").help("write it");
            found.add(FailureClass::BadInput, error);
        }
        if let (Some(word), Some(wants)) = (&word, &params.wants)
            && word != wants
        {
            found.add_invalid("wants", format!("is not `{word}`"));
        }
        if let Some(word) = word {
            found.promises.add("word", word);
        }
        found
    }
    fn run(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        let params: Params = parse_params(with).map_err(|e| StageError::config(e.to_string()))?;
        let failed = |e: std::io::Error| StageError::failed(e.to_string());
        let text = fs::read_to_string(&params.file).map_err(failed)?;
        fs::write(
            ctx.out.join("copy.txt"),
            text + params.word.as_deref().unwrap_or_default(),
        )
        .map_err(failed)?;
        Ok(Outcome::default())
    }
}

const CHAIN: &str = "\
name: chain
vars: { want: apple }
stages:
  first: { uses: copy, with: { file: text.txt } }
  second: { uses: copy, with: { file: ${first.copy} } }
  third:
    uses: copy
    with:
      file: ${second.copy}
      wants: ${vars.want}
";

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        fs::write(bench.0.path().join("text.txt"), "apple pie").unwrap();
        bench
    }

    fn try_graph(&self, text: &str, set: &[&str]) -> Result<Graph, Error> {
        let path = self.0.path().join("chain.yaml");
        fs::write(&path, text).unwrap();
        let settings = RunSettings {
            workdir: self.0.path().join("work"),
            set: set.iter().map(|s| (*s).to_owned()).collect(),
            environment: Environment::Fixed(
                [("HOME".to_owned(), self.0.path().display().to_string())].into(),
            ),
            ..RunSettings::default()
        };
        Pipeline::load(&path)?.graph(&StageKinds::new().with(Copy), &settings)
    }

    fn graph(&self, text: &str, set: &[&str]) -> Graph {
        self.try_graph(text, set).unwrap()
    }

    fn said(&self, error: &Error) -> String {
        error
            .render()
            .replace(&self.0.path().display().to_string(), "DIR")
    }
}

fn run(graph: &Graph, change: impl FnOnce(&mut RunOptions)) -> Result<Vec<String>, Error> {
    let mut options = RunOptions::default();
    change(&mut options);
    graph
        .run(&options, &SilentObserver, &Cancel::default())
        .map(|summary| summary.ran)
}

#[test]
fn promises_pass_along_the_graph_and_mistakes_are_told_before_the_first_stage() {
    let bench = Bench::new();
    let graph = bench.graph(CHAIN, &["vars.want=pear"]);
    for dry_run in [true, false] {
        let error = run(&graph, |options| options.dry_run = dry_run).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        insta::assert_snapshot!("a_promise_that_is_not_kept", bench.said(&error));
        assert!(!graph.run_dir().join("first").exists());
    }
    let graph = bench.graph(CHAIN, &[]);
    assert_eq!(run(&graph, |_| {}).unwrap().len(), 3);
}

#[test]
fn several_mistakes_are_one_error_that_the_configurations_leads() {
    let bench = Bench::new();
    fs::remove_file(bench.0.path().join("text.txt")).unwrap();
    fs::write(bench.0.path().join("other.txt"), "plum").unwrap();
    let text = format!("{CHAIN}  fourth: {{ uses: copy, with: {{ file: other.txt, wants: fig }} }}\n");
    let error = run(&bench.graph(&text, &[]), |_| {}).unwrap_err();
    assert_eq!((error.kind(), error.others().len()), (ErrorKind::Config, 1));
    insta::assert_snapshot!("mistakes_together", bench.said(&error));
}

#[test]
fn only_stages_that_run_are_held_to_account_and_others_count_by_what_they_left() {
    let bench = Bench::new();
    let until = |stage: &str| StageSelection {
        until: Some(stage.to_owned()),
        ..StageSelection::default()
    };
    let wrong = bench.graph(CHAIN, &["vars.want=pear"]);
    assert_eq!(
        run(&wrong, |options| options.selection = until("second")).unwrap(),
        ["first", "second"]
    );
    // Now `second` is fresh, and `third` is still wrong.
    assert!(run(&wrong, |_| {}).is_err());
    // What it reads is what was left, and not what the file says now.
    fs::write(bench.0.path().join("text.txt"), "pear tart").unwrap();
    let only = StageSelection {
        only: vec!["third".to_owned()],
        ..StageSelection::default()
    };
    assert!(run(&wrong, |options| options.selection = only.clone()).is_err());
    assert_eq!(
        run(&bench.graph(CHAIN, &[]), |options| options.selection = only).unwrap(),
        ["third"]
    );
    // All of it again from the file as it is now.
    assert_eq!(run(&wrong, |_| {}).unwrap().len(), 3);
}

#[test]
fn paths_begin_where_they_were_written() {
    let bench = Bench::new();
    let home = bench.0.path().display().to_string();
    let at = |with: &str, set: &[&str]| {
        let text = format!(
            "name: chain\nvars: {{ file: text.txt }}\nstages: {{ only: {{ uses: copy, with: {with} }} }}"
        );
        let graph = bench.try_graph(&text, set).map_err(|e| bench.said(&e))?;
        let params = graph.stages()[0].params().clone();
        let text = |name: &str| params[name].as_str().unwrap_or_default().replace(&home, "DIR");
        Ok::<_, String>((text("file"), text("word")))
    };
    let placed = |file: &str, word: &str| Ok((file.to_owned(), word.to_owned()));
    assert_eq!(at("{ file: text.txt }", &[]), placed("DIR/text.txt", ""));
    assert_eq!(at("{ file: '${vars.file}' }", &[]), placed("DIR/text.txt", ""));
    assert_eq!(
        at("{ file: 'sub/${vars.file}' }", &[]),
        placed("DIR/sub/text.txt", "")
    );
    // On the command line, and wherever that is used.
    assert_eq!(at("{ file: '${vars.file}' }", &["vars.file=a"]), placed("a", ""));
    assert_eq!(
        at("{ file: '${vars.file}/b' }", &["vars.file=a"]),
        placed("a/b", "")
    );
    assert_eq!(at("{ file: x }", &["only.file=a"]), placed("a", ""));
    assert_eq!(at("{ file: '${env.HOME}/b' }", &[]), placed("DIR/b", ""));
    assert_eq!(at("{ file: ~/b }", &[]), placed("DIR/b", ""));
    assert_eq!(at("{ file: /a }", &[]), placed("/a", ""));
    // A name that is built in stays one, unless a file is called so.
    assert_eq!(at("{ file: /a, word: known }", &[]), placed("/a", "known"));
    assert_eq!(at("{ file: /a, word: other }", &[]), placed("/a", "DIR/other"));
    fs::write(bench.0.path().join("known"), "").unwrap();
    assert_eq!(at("{ file: /a, word: known }", &[]), placed("/a", "DIR/known"));
    let refused = at("{ file: ~you/b }", &[]).unwrap_err();
    assert!(
        refused.contains("DIR/chain.yaml:3:") && refused.contains("is not expanded"),
        "{refused}"
    );
}

#[test]
fn where_a_run_is_started_makes_nothing_stale() {
    let bench = Bench::new();
    run(&bench.graph(CHAIN, &[]), |_| {}).unwrap();
    let record = fs::read_to_string(bench.0.path().join("work/chain/default/lock.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let first = &record["stages"]["first"];
    assert_eq!(first["parameters"]["file"], "text.txt");
    assert_eq!(first["inputs"]["file"]["path"], "text.txt");
    assert_eq!(first["directory"], bench.0.path().display().to_string());
}
