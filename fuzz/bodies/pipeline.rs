//! A pipeline file: parsed, every profile resolved against the schema of a stage, nothing run.

use ecgfm_pipeline::{
    Context, Environment, Outcome, OutputSpec, ParamError, Pipeline, RunSettings, StageError, StageKind,
    StageKinds, canonical_params,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Parameters of every type that stages have.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Toy {
    raw: PathBuf,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    fractions: Vec<f64>,
    #[serde(default)]
    seed: u64,
    threshold: Option<f64>,
    #[serde(default)]
    quality: Quality,
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Quality {
    #[default]
    Flat,
    Other {
        noise: f32,
    },
}

struct Kind(&'static str);

const OUTPUTS: &[OutputSpec] = &[
    OutputSpec::new("dir", ".", "all of it"),
    OutputSpec::new("table", "t.csv", "a table"),
];

impl StageKind for Kind {
    fn name(&self) -> &'static str {
        self.0
    }
    fn about(&self) -> &'static str {
        "A toy."
    }
    fn version(&self) -> u32 {
        1
    }
    fn outputs(&self) -> &'static [OutputSpec] {
        OUTPUTS
    }
    fn inputs(&self) -> &'static [&'static str] {
        &["raw"]
    }
    fn check(&self, with: &Value) -> Result<Value, ParamError> {
        canonical_params::<Toy>(with)
    }
    fn run(&self, _: &Value, _: &Context<'_>) -> Result<Outcome, StageError> {
        Err(StageError::failed("nothing is run here"))
    }
}

/// `data` is the file's text.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let pipeline = match Pipeline::parse("p.yaml", text) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            let _ = error.render();
            return;
        }
    };
    let kinds = StageKinds::new().with(Kind("signals")).with(Kind("splits"));
    let environment: BTreeMap<_, _> = [("HOME".to_owned(), "/home/x".to_owned())].into();
    for profile in pipeline.profiles() {
        let settings = RunSettings {
            profile: Some(profile.name),
            set: vec![],
            workdir: PathBuf::from("runs"),
            environment: Environment::Fixed(environment.clone()),
            read: Vec::new(),
        };
        match pipeline.graph(&kinds, &settings) {
            Ok(graph) => {
                // What the run would be called is part of a path.
                assert!(graph.run_dir().starts_with("runs"));
                assert!(
                    graph
                        .run_dir()
                        .components()
                        .all(|c| matches!(c, std::path::Component::Normal(_))),
                    "{} leads elsewhere",
                    graph.run_dir().display()
                );
                for stage in graph.stages() {
                    let name = PathBuf::from(stage.name());
                    assert_eq!(
                        name.file_name(),
                        Some(name.as_os_str()),
                        "a stage's name is one folder"
                    );
                }
            }
            Err(error) => {
                let _ = error.render();
            }
        }
    }
}
