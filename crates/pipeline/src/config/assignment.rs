//! `--set vars.k=v` and `--set stage.k=v`: changes from the command line.

use std::sync::Arc;

use crate::config::document::ProfiledDocument;
use crate::config::node::{MapEntry, Node, NodeData};
use crate::config::source::{SourceText, Span};
use crate::config::suggest::{nearest_name, suggest_name};
use crate::config::yaml;
use crate::error::{Error, Result};

/// A parsed `a.b=v` argument.
pub(crate) struct ParamAssignment {
    pub(crate) path: Vec<String>,
    pub(crate) value: Node,
    pub(crate) span: Span,
}

/// Parses `a.b=v`; `option` is the option's name for messages. The value is YAML: `7` is a number, `[a, b]` a
/// list, `"7"` a text, nothing is null.
pub(crate) fn parse_assignment(option: &str, argument: &str) -> Result<ParamAssignment> {
    let source: Arc<SourceText> = SourceText::argument(format!("{option} {argument}"));
    let span = Span::start_of(&source);
    let malformed = || {
        Error::config(&span, "expected a name, `=` and a value").help(format!(
            "for example `{option} {}`",
            if option == "--set" {
                "vars.seed=7"
            } else {
                "seed=7"
            }
        ))
    };
    let (path, value) = argument.split_once('=').ok_or_else(malformed)?;
    let path: Vec<String> = path.trim().split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) || path.len() > 32 {
        return Err(malformed());
    }
    let value = yaml::parse_yaml(&source, value)
        .map_err(|e| e.help("the value is read as YAML; put text with special characters in quotes"))?;
    Ok(ParamAssignment { path, value, span })
}

/// A mapping with one value at `path`.
pub(crate) fn nested_mapping(path: &[String], value: Node, span: &Span) -> Node {
    path.iter().rev().fold(value, |inner, key| {
        let entry = MapEntry {
            key: key.clone(),
            key_span: span.clone(),
            value: inner,
        };
        Node::new(NodeData::Map(vec![entry]), span.clone())
    })
}

impl ProfiledDocument {
    /// Applies one `--set` argument. `profiles_with` names the profiles that have a variable.
    pub(crate) fn set(&mut self, argument: &str, profiles_with: &dyn Fn(&str) -> Vec<String>) -> Result<()> {
        let ParamAssignment { path, value, span } = parse_assignment("--set", argument)?;
        match path.as_slice() {
            [vars, name, rest @ ..] if vars == "vars" => {
                let Some(var) = self.vars.iter_mut().find(|v| v.key == *name) else {
                    return Err(self.unknown_variable(name, &span, &profiles_with(name)));
                };
                let target = existing_value(&mut var.value, rest, &span, &format!("variable `{name}`"))?;
                *target = value;
                if rest.is_empty() {
                    var.key_span = span;
                }
                Ok(())
            }
            [stage, rest @ ..] if stage != "vars" && !rest.is_empty() => {
                let Some(at) = self.stages.iter().position(|s| s.name.text == *stage) else {
                    return Err(self.unknown_stage(stage, &span));
                };
                let stage = &mut self.stages[at];
                let over = nested_mapping(rest, value, &span);
                match &mut stage.with {
                    Some(with) => set_value(with, rest, over),
                    None => stage.with = Some(over),
                }
                Ok(())
            }
            _ => {
                let error = Error::config(&span, "expected `vars.NAME=...` or `STAGE.PARAMETER=...`");
                let named = path
                    .first()
                    .filter(|name| self.vars.iter().any(|v| v.key == **name));
                Err(match named {
                    Some(name) => error.help(format!("did you mean `vars.{name}`?")),
                    None => error.help("for example `--set vars.seed=7`"),
                })
            }
        }
    }

    fn unknown_variable(&self, name: &str, span: &Span, profiles: &[String]) -> Error {
        let known: Vec<&str> = self.vars.iter().map(|v| v.key.as_str()).collect();
        let error = Error::config(
            span,
            format!("there is no variable `{name}` in profile `{}`", self.profile),
        );
        if !profiles.is_empty() && nearest_name(name, known.iter().copied()).is_none() {
            return error.help(format!(
                "profile `{}` has it: add `--profile {}`",
                profiles[0], profiles[0]
            ));
        }
        error.help(suggest_name(name, "variables", known))
    }

    fn unknown_stage(&self, name: &str, span: &Span) -> Error {
        let stages = self.stages.iter().map(|s| s.name.text.as_str());
        let error = Error::config(
            span,
            format!("there is no stage `{name}` in profile `{}`", self.profile),
        );
        error.help(suggest_name(name, "stages", stages.chain(["vars"])))
    }
}

/// The existing value at `path` inside a variable.
fn existing_value<'a>(
    mut node: &'a mut Node,
    path: &[String],
    span: &Span,
    what: &str,
) -> Result<&'a mut Node> {
    for key in path {
        let NodeData::Map(entries) = &mut node.data else {
            return Err(Error::config(
                span,
                format!("{what} has no part `{key}`: it is not a mapping"),
            ));
        };
        let Some(at) = entries.iter().position(|e| e.key == *key) else {
            let known = entries.iter().map(|e| e.key.as_str());
            let help = suggest_name(key, "keys", known);
            return Err(Error::config(span, format!("{what} has no part `{key}`")).help(help));
        };
        node = &mut entries[at].value;
    }
    Ok(node)
}

/// Puts `over`, a chain of one-key mappings along `path`, into `with`. Unlike a merge, the value at the end
/// of the path replaces what was there even when both are mappings.
fn set_value(with: &mut Node, path: &[String], over: Node) {
    let (NodeData::Map(entries), NodeData::Map(mut new)) = (&mut with.data, over.data.clone()) else {
        *with = over;
        return;
    };
    let Some(new) = new.pop() else { return };
    match entries.iter_mut().find(|e| e.key == new.key) {
        Some(existing) if path.len() > 1 && matches!(existing.value.data, NodeData::Map(_)) => {
            set_value(&mut existing.value, &path[1..], new.value);
        }
        Some(existing) => *existing = new,
        None => entries.push(new),
    }
}
