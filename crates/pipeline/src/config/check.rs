//! Turns a refused parameter into an error at its place in the pipeline file.

use crate::config::document::Name;
use crate::config::node::{MapEntry, Node};
use crate::config::source::Origin;
use crate::config::suggest::{nearest_name, suggest_name};
use crate::error::Error;
use crate::param::{ParamError, PathStep};
use crate::param::{ParamProblem, path_text};

/// `with` is the stage's parameters with references replaced.
pub(crate) fn refused_param(stage: &Name, with: &Node, error: ParamError) -> Error {
    let found = with.deepest(&error.path);
    let name = path_text(&error.path);
    let node = found.node;
    let (subject, place) = match name.as_str() {
        "" => ("`with`".to_owned(), &stage.span),
        name => (format!("`{name}`"), &node.span),
    };
    let subject = format!("{subject} of stage `{}`", stage.text);
    let raised = match &error.problem {
        ParamProblem::UnknownKey { expected } => unknown_key(stage, found.key, node, &error.path, expected),
        ParamProblem::MissingKey { key } => missing_key(stage, found.key, &name, key),
        ParamProblem::UnknownWord { word, expected } => note_origin(
            Error::config(place, format!("{subject} cannot be `{word}`")),
            node,
        )
        .help(accepted_words(word, expected)),
        ParamProblem::Type { expected } => {
            let message = format!("{subject} must be {expected}, not {}", node.describe());
            note_origin(Error::config(&node.span, message), node)
        }
        ParamProblem::Invalid { phrase } => {
            note_origin(Error::config(place, format!("{subject} {phrase}")), node)
        }
    };
    raised
        .help_if(error.help)
        .of_class(error.class)
        .in_stage(&stage.text)
}

fn missing_key(stage: &Name, inside: Option<&MapEntry>, name: &str, key: &str) -> Error {
    let full = if name.is_empty() {
        key.to_owned()
    } else {
        format!("{name}.{key}")
    };
    let place = inside.map_or(&stage.span, |entry| &entry.key_span);
    let error = Error::config(
        place,
        format!("stage `{}` needs the parameter `{full}`", stage.text),
    );
    match stage.span.origin() {
        Origin::Argument => error.help(format!("add `--with {full}=...`")),
        Origin::File => error.help(format!(
            "add `{key}: ...` under `{}`, or give `--set {}.{full}=...`",
            if name.is_empty() { "with" } else { name },
            stage.text
        )),
    }
}

fn accepted_words(word: &str, expected: &[String]) -> String {
    let known = || expected.iter().map(String::as_str);
    let list = expected
        .iter()
        .map(|w| format!("`{w}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match nearest_name(word, known()) {
        Some(meant) if expected.len() > 1 => format!("did you mean `{meant}`? Accepted: {list}"),
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("accepted: {list}"),
    }
}

fn unknown_key(
    stage: &Name,
    key: Option<&MapEntry>,
    node: &Node,
    path: &[PathStep],
    expected: &[String],
) -> Error {
    let wrong = match path.last() {
        Some(PathStep::Key(key)) => key.as_str(),
        _ => "",
    };
    let span = key.map_or(&node.span, |e| &e.key_span);
    let inside = match path.len() {
        0 | 1 => String::new(),
        n => format!(" `{}` of", path_text(&path[..n - 1])),
    };
    Error::config(
        span,
        format!("unknown key `{wrong}` in{inside} stage `{}`", stage.text),
    )
    .help(suggest_name(wrong, "keys", expected.iter().map(String::as_str)))
}

/// Says where a value came from when it came through a reference.
fn note_origin(error: Error, node: &Node) -> Error {
    let Some(via) = &node.via else { return error };
    match &via.defined {
        Some(defined) => {
            let error = error.note(format!("`${{{}}}` is set at {defined}", via.reference));
            let unset = matches!(node.data, crate::config::node::NodeData::Null);
            let help = unset.then(|| format!("give it a value: `--set {}=...`", via.reference));
            error.help_if(help)
        }
        None => error.note(format!("the value comes from `${{{}}}`", via.reference)),
    }
}
