//! `ecgfm show`: the built-in pipelines, label sets, mappings and scores, as they are.

use super::print_json;
use crate::args::ShowArgs;
use crate::failure::Failure;
use crate::home;
use crate::out::{errln, out, outln};
use ecgfm_artifacts::labelset::Definition;
use ecgfm_pipeline::{Error, ErrorKind, Pipeline};
use serde_json::{Value, json};

/// A family of built-in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Pipeline,
    Defined(Definition),
}

/// In the order in which a name is looked up.
const FAMILIES: [Family; 4] = [
    Family::Pipeline,
    Family::Defined(Definition::Labels),
    Family::Defined(Definition::Mapping),
    Family::Defined(Definition::Score),
];

impl Family {
    /// As the command line names it, and as a person does.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pipeline => ("pipeline", "pipeline"),
            Self::Defined(Definition::Labels) => ("labels", "label set"),
            Self::Defined(Definition::Mapping) => ("mapping", "mapping"),
            Self::Defined(Definition::Score) => ("score", "score"),
        }
    }

    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Pipeline => &home::BUILT_IN,
            Self::Defined(definition) => definition.built_in(),
        }
    }

    fn file(self, name: &str) -> Option<&'static str> {
        self.files().iter().find(|file| file.0 == name).map(|file| file.1)
    }
}

/// Prints one file, or lists them all.
pub fn show(args: &ShowArgs) -> Result<(), Error> {
    match args.what.as_slice() {
        [] => list(args.json),
        [name] => one(name, &FAMILIES, args.json),
        [word, name, ..] => {
            let family = FAMILIES.into_iter().find(|family| family.words().0 == word);
            let unknown = || {
                let words = FAMILIES.map(|family| family.words().0).join(", ");
                Error::new(ErrorKind::Config, format!("no kind of file is called `{word}`"))
                    .help(format!("the kinds are {words}; `ecgfm show` lists the files"))
            };
            one(name, &[family.ok_or_else(unknown)?], args.json)
        }
    }
}

fn one(name: &str, families: &[Family], json: bool) -> Result<(), Error> {
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
        return print_json(&json!({ "kind": family.words().0, "name": name, "text": text }));
    }
    for (other, _) in found {
        let (word, other) = other.words();
        errln!(
            "note: this is the {}; for the {other} of that name: ecgfm show {word} {name}",
            family.words().1
        );
    }
    out!("{text}");
    Ok(())
}

fn list(json: bool) -> Result<(), Error> {
    if json {
        let file = |family: Family| {
            family
                .files()
                .iter()
                .map(move |(name, _)| json!({ "kind": family.words().0, "name": name }))
        };
        return print_json(&FAMILIES.into_iter().flat_map(file).collect::<Vec<_>>());
    }
    for family in FAMILIES {
        for (name, text) in family.files() {
            outln!("{:8}  {name:34}  {}", family.words().0, title(text));
        }
    }
    outln!("\n`ecgfm show NAME > FILE` makes a copy to edit.");
    Ok(())
}

/// What a file says that it is: its `title` or `description`, and for a mapping between which label sets.
fn title(text: &str) -> String {
    let said = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    match (
        said("title: ").or_else(|| said("description: ")),
        said("from: "),
        said("to: "),
    ) {
        (Some(title), _, _) => title.to_owned(),
        (None, Some(from), Some(to)) => format!("from the labels of {from} to those of {to}"),
        _ => String::new(),
    }
}

/// That no pipeline was named: those that could be, with their profiles, are listed, or in the JSON of the failure.
pub fn pipelines(json: bool) -> Failure {
    let mut listed = Vec::new();
    for (name, file) in home::known() {
        let place = file.map_or_else(|| "built in".to_owned(), |file| file.display().to_string());
        let loaded = home::pipeline(&name);
        if json {
            listed.push(described(&name, &place, &loaded));
            continue;
        }
        outln!("{name}  ({place})");
        match loaded {
            Ok(pipeline) => out!("{}", profiles(&pipeline)),
            Err(error) => outln!("  cannot be read: {error}"),
        }
    }
    let error = Error::new(ErrorKind::Config, "no pipeline is named")
        .help("name one, or a YAML file: `ecgfm run code15 --profile sample`");
    Failure::with_output(error, json!({ "pipelines": listed }))
}

fn described(name: &str, place: &str, loaded: &Result<Pipeline, Error>) -> Value {
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

/// What a pipeline is for and its profiles, a line each.
fn profiles(pipeline: &Pipeline) -> String {
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
