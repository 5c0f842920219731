//! `ecgfm show`: the built-in pipelines, label sets, mappings, scores, rules for text, descriptions of datasets and models, as they are.

use super::print_json;
use crate::args::ShowArgs;
use crate::console::{print_stdout, println_stderr, println_stdout};
use crate::failure::CommandFailure;
use crate::pipelines;
use ecgfm_archives::described;
use ecgfm_artifacts::labelset::Definition;
use ecgfm_pipeline::{Error, ErrorKind, Pipeline};
use ecgfm_stage_params::KNOWN_MODELS;
use serde_json::{Value, json};

/// A family of built-in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BuiltInFamily {
    Pipeline,
    Defined(Definition),
    Dataset,
    Model,
}

/// Families in the order in which a name is looked up.
const FAMILIES: [BuiltInFamily; 7] = [
    BuiltInFamily::Pipeline,
    BuiltInFamily::Defined(Definition::Labels),
    BuiltInFamily::Defined(Definition::Mapping),
    BuiltInFamily::Defined(Definition::Score),
    BuiltInFamily::Defined(Definition::TextRules),
    BuiltInFamily::Dataset,
    BuiltInFamily::Model,
];

impl BuiltInFamily {
    /// Returns the name on the command line and the name in messages.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Pipeline => ("pipeline", "pipeline"),
            Self::Defined(Definition::Labels) => ("labels", "label set"),
            Self::Defined(Definition::Mapping) => ("mapping", "mapping"),
            Self::Defined(Definition::Score) => ("score", "score"),
            Self::Defined(Definition::TextRules) => ("rules", "rules for text"),
            Self::Dataset => ("dataset", "description of a dataset"),
            Self::Model => ("model", "description of a model"),
        }
    }

    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Pipeline => &pipelines::BUILT_IN,
            Self::Defined(definition) => definition.built_in(),
            Self::Dataset => &described::BUILT_IN,
            Self::Model => &KNOWN_MODELS,
        }
    }

    fn file(self, name: &str) -> Option<&'static str> {
        self.files().iter().find(|file| file.0 == name).map(|file| file.1)
    }
}

/// Prints one file, or lists them all.
pub fn show(args: &ShowArgs) -> Result<(), Error> {
    match args.what.as_slice() {
        [] => list_files(args.json),
        [name] => print_file(name, &FAMILIES, args.json),
        [word, name, ..] => {
            let family = FAMILIES.into_iter().find(|family| family.names().0 == word);
            let unknown = || {
                let words = FAMILIES.map(|family| family.names().0).join(", ");
                Error::new(ErrorKind::Config, format!("no kind of file is called `{word}`"))
                    .help(format!("the kinds are {words}; `ecgfm show` lists the files"))
            };
            print_file(name, &[family.ok_or_else(unknown)?], args.json)
        }
    }
}

fn print_file(name: &str, families: &[BuiltInFamily], json: bool) -> Result<(), Error> {
    let mut found = families
        .iter()
        .filter_map(|family| Some((*family, family.file(name)?)));
    let Some((family, text)) = found.next() else {
        return Err(
            Error::new(ErrorKind::Config, format!("nothing built in is called `{name}`"))
                .help("`ecgfm show` lists what there is"),
        );
    };
    if json {
        return print_json(&json!({ "kind": family.names().0, "name": name, "text": text }));
    }
    for (other, _) in found {
        let (word, other) = other.names();
        println_stderr!(
            "note: this is the {}; for the {other} of that name: ecgfm show {word} {name}",
            family.names().1
        );
    }
    print_stdout!("{text}");
    Ok(())
}

fn list_files(json: bool) -> Result<(), Error> {
    if json {
        let file = |family: BuiltInFamily| {
            family
                .files()
                .iter()
                .map(move |(name, _)| json!({ "kind": family.names().0, "name": name }))
        };
        return print_json(&FAMILIES.into_iter().flat_map(file).collect::<Vec<_>>());
    }
    for family in FAMILIES {
        for (name, text) in family.files() {
            println_stdout!("{:8}  {name:34}  {}", family.names().0, file_title(text));
        }
    }
    println_stdout!("\n`ecgfm show NAME > FILE` makes a copy to edit.");
    Ok(())
}

/// Title of a built-in file: its `title` or `description`, and for a mapping between which label sets.
fn file_title(text: &str) -> String {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    match (
        value("title: ").or_else(|| value("description: ")),
        value("from: "),
        value("to: "),
    ) {
        (Some(title), _, _) => title.to_owned(),
        (None, Some(from), Some(to)) => format!("from the labels of {from} to those of {to}"),
        _ => String::new(),
    }
}

/// Failure of a command without a pipeline's name. The pipelines and their profiles are printed, or are in the failure's JSON.
pub fn missing_pipeline(json: bool) -> CommandFailure {
    let mut listed = Vec::new();
    let named = match pipelines::list_named() {
        Ok(named) => named,
        Err(error) => return error.into(),
    };
    for (name, file) in named {
        let place = file.map_or_else(|| "built in".to_owned(), |file| file.display().to_string());
        let loaded = pipelines::load_pipeline(&name);
        if json {
            listed.push(describe_pipeline(&name, &place, &loaded));
            continue;
        }
        println_stdout!("{name}  ({place})");
        match loaded {
            Ok(pipeline) => print_stdout!("{}", profile_lines(&pipeline)),
            Err(error) => println_stdout!("  cannot be read: {error}"),
        }
    }
    let error = Error::new(ErrorKind::Config, "no pipeline is named")
        .help("name one, or a YAML file: `ecgfm run code15 --profile sample`");
    CommandFailure::with_output(error, json!({ "pipelines": listed }))
}

fn describe_pipeline(name: &str, place: &str, loaded: &Result<Pipeline, Error>) -> Value {
    match loaded {
        Ok(pipeline) => {
            let profiles = pipeline.profiles().into_iter();
            let profiles = profiles.map(|p| json!({ "name": p.name, "description": p.description }));
            json!({
                "name": name, "place": place, "description": pipeline.description(),
                "profiles": profiles.collect::<Vec<_>>(),
            })
        }
        Err(error) => json!({ "name": name, "place": place, "error": error.to_string() }),
    }
}

/// Description of a pipeline and its profiles, a line each.
fn profile_lines(pipeline: &Pipeline) -> String {
    let mut text = String::new();
    if let Some(description) = pipeline.description() {
        text.push_str(&format!("  {description}\n"));
    }
    let profiles = pipeline.profiles();
    let width = profiles.iter().map(|p| p.name.chars().count()).max().unwrap_or(0);
    for (at, profile) in profiles.iter().enumerate() {
        let usual = if at == 0 {
            " (used if no --profile is given)"
        } else {
            ""
        };
        let description = profile.description.as_deref().unwrap_or_default();
        let line = format!("  --profile {:width$}  {description}{usual}", profile.name);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
