//! Puts values in the place of references, within fixed limits.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::config::node::{MapEntry, Node, NodeData, ValueOrigin};
use crate::config::reference::{MalformedReference, Reference, TextPiece, split_references};
use crate::config::source::Span;
use crate::config::suggest::suggest_name;
use crate::config::yaml::{MAX_BYTES, MAX_WEIGHT};
use crate::error::{Error, Result};
use crate::param::PathStep;

/// Longest chain of variables that refer to one another.
const MAX_CHAIN: usize = 32;
/// Deepest nesting of a value once its references are replaced.
const MAX_DEPTH: usize = 128;

/// Looks a name up, for example in the process's environment.
pub(crate) type EnvironmentLookup<'a> = &'a dyn Fn(&str) -> Option<String>;
/// Gives the path of a stage's output; `None` where stages cannot be referred to.
pub(crate) type OutputPath<'a> = &'a dyn Fn(&str, &str, &Span) -> Result<String>;

/// Values that references may refer to.
pub(crate) struct Scope<'a> {
    vars: &'a [MapEntry],
    profile: &'a str,
    environment: EnvironmentLookup<'a>,
    resolved: HashMap<String, Node>,
    chain: Vec<String>,
    weight: usize,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(vars: &'a [MapEntry], profile: &'a str, environment: EnvironmentLookup<'a>) -> Self {
        Self {
            vars,
            profile,
            environment,
            resolved: HashMap::new(),
            chain: vec![],
            weight: 0,
        }
    }

    /// The value of a variable, its own references replaced.
    pub(crate) fn variable(&mut self, entry: &MapEntry) -> Result<Node> {
        if let Some(node) = self.resolved.get(&entry.key) {
            return Ok(node.clone());
        }
        if let Some(at) = self.chain.iter().position(|name| *name == entry.key) {
            let circle: Vec<_> = self.chain[at..]
                .iter()
                .chain([&entry.key])
                .map(String::as_str)
                .collect();
            let message = format!(
                "variables refer to each other in a circle: {}",
                circle.join(" → ")
            );
            return Err(Error::config(&entry.key_span, message).help("give one of them a value of its own"));
        }
        if self.chain.len() >= MAX_CHAIN {
            let message = format!("more than {MAX_CHAIN} variables refer to one another in a chain");
            return Err(Error::config(&entry.key_span, message));
        }
        self.chain.push(entry.key.clone());
        let node = self.resolve(&entry.value, None);
        self.chain.pop();
        let node = node?;
        self.resolved.insert(entry.key.clone(), node.clone());
        Ok(node)
    }

    /// The value with every reference in it replaced.
    pub(crate) fn resolve(&mut self, node: &Node, outputs: Option<OutputPath<'_>>) -> Result<Node> {
        let data = match &node.data {
            NodeData::Text(text) => return self.text(node, text, outputs),
            NodeData::List(items) => NodeData::List(
                items
                    .iter()
                    .map(|n| self.resolve(n, outputs))
                    .collect::<Result<_>>()?,
            ),
            NodeData::Map(entries) => NodeData::Map(
                entries
                    .iter()
                    .map(|e| self.entry(e, outputs))
                    .collect::<Result<_>>()?,
            ),
            scalar => scalar.clone(),
        };
        Ok(Node {
            data,
            span: node.span.clone(),
            via: node.via.clone(),
            in_file: node.in_file,
        })
    }

    fn entry(&mut self, entry: &MapEntry, outputs: Option<OutputPath<'_>>) -> Result<MapEntry> {
        if entry.key.contains("${") {
            return Err(Error::config(
                &entry.key_span,
                "references are allowed in values, not in keys",
            ));
        }
        Ok(MapEntry {
            value: self.resolve(&entry.value, outputs)?,
            ..entry.clone()
        })
    }

    fn text(&mut self, node: &Node, text: &str, outputs: Option<OutputPath<'_>>) -> Result<Node> {
        let pieces = split_references(text).map_err(|m| malformed_reference(&node.span, m))?;
        if let [TextPiece::Reference(reference, raw)] = pieces.as_slice() {
            let span = node.span.narrowed_to(raw);
            let value = self.reference(reference, raw, &span, outputs)?;
            let name = raw[2..raw.len() - 1].trim().to_owned();
            let defined = matches!(reference, Reference::Var(_)).then_some(value.span);
            let via = Some(Arc::new(ValueOrigin {
                reference: name,
                defined,
            }));
            return Ok(Node {
                data: value.data,
                span: node.span.clone(),
                via,
                in_file: value.in_file,
            });
        }
        let mut spliced = String::new();
        let mut in_file = node.in_file;
        for piece in &pieces {
            match piece {
                TextPiece::Text(text) => spliced.push_str(text),
                TextPiece::Reference(reference, raw) => {
                    let span = node.span.narrowed_to(raw);
                    let value = self.reference(reference, raw, &span, outputs)?;
                    // What a path begins with decides where it begins.
                    if spliced.is_empty() {
                        in_file = value.in_file;
                    }
                    spliced.push_str(&as_text(&value, raw, &span)?);
                }
            }
            if spliced.len() > MAX_BYTES {
                return Err(Error::config(
                    &node.span,
                    "the text is too long once its references are replaced",
                ));
            }
        }
        self.charge(spliced.len(), &node.span)?;
        Ok(Node {
            in_file,
            ..Node::new(NodeData::Text(spliced), node.span.clone())
        })
    }

    fn reference(
        &mut self,
        reference: &Reference,
        raw: &str,
        span: &Span,
        outputs: Option<OutputPath<'_>>,
    ) -> Result<Node> {
        let text = |text: String| Node {
            in_file: false,
            ..Node::new(NodeData::Text(text), span.clone())
        };
        match reference {
            Reference::Profile => Ok(Node {
                in_file: true,
                ..text(self.profile.to_owned())
            }),
            Reference::Env(name) => match (self.environment)(name) {
                Some(value) => Ok(text(value)),
                None => Err(
                    Error::config(span, format!("the environment variable `{name}` is not set"))
                        .help(format!("set it: `export {name}=...`")),
                ),
            },
            Reference::Output { stage, output } => match outputs {
                Some(outputs) => outputs(stage, output, span).map(text),
                None if self.vars.iter().any(|v| v.key == *stage || v.key == *output) => {
                    Err(Error::config(span, format!("`{raw}` is not a variable"))
                        .help(format!("did you mean `${{vars.{output}}}`?")))
                }
                None => Err(Error::config(
                    span,
                    format!("`{raw}`: a variable cannot refer to a stage's output"),
                )
                .help("write the reference in the stage that reads the output")),
            },
            Reference::Var(path) => self.variable_at(path, raw, span),
        }
    }

    fn variable_at(&mut self, path: &[String], raw: &str, span: &Span) -> Result<Node> {
        let name = path[0].as_str();
        let Some(entry) = self.vars.iter().find(|v| v.key == name) else {
            let known = self.vars.iter().map(|v| v.key.as_str());
            return Err(Error::config(
                span,
                format!("`{raw}` refers to variable `{name}`, which does not exist"),
            )
            .help(suggest_name(name, "variables", known)));
        };
        let value = self.variable(entry)?;
        let steps: Vec<PathStep> = path[1..].iter().map(|s| PathStep::Key(s.clone())).collect();
        let found = value.deepest(&steps);
        if !found.complete {
            let error = Error::config(
                span,
                format!("`{raw}` refers to a part of `{name}` that does not exist"),
            );
            let error = error.note(format!("`{name}` is set at {}", entry.key_span));
            return Err(error.help(match &found.node.data {
                NodeData::Map(parts) => {
                    let missing = steps.iter().find_map(|s| match s {
                        PathStep::Key(key) if found.node.entry(key).is_none() => Some(key.as_str()),
                        _ => None,
                    });
                    suggest_name(
                        missing.unwrap_or_default(),
                        "parts",
                        parts.iter().map(|e| e.key.as_str()),
                    )
                }
                _ => format!("it is {}, which has no parts", found.node.describe()),
            }));
        }
        let (weight, depth) = found.node.measure();
        self.charge(weight, span)?;
        if depth > MAX_DEPTH {
            return Err(Error::config(
                span,
                format!("nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        Ok(found.node.clone())
    }

    fn charge(&mut self, weight: usize, span: &Span) -> Result<()> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > MAX_WEIGHT {
            return Err(Error::config(span, "too large once its references are replaced"));
        }
        Ok(())
    }
}

fn as_text(value: &Node, raw: &str, span: &Span) -> Result<String> {
    match &value.data {
        NodeData::Text(text) => Ok(text.clone()),
        NodeData::Number(number) => Ok(number.to_string()),
        NodeData::Bool(value) => Ok(value.to_string()),
        _ => Err(Error::config(
            span,
            format!("`{raw}` is {}; it cannot be part of a text", value.describe()),
        )
        .help("let the reference stand alone, or refer to text, a number, true or false")),
    }
}

pub(crate) fn malformed_reference(span: &Span, malformed: MalformedReference) -> Error {
    Error::config(&span.narrowed_to(&malformed.raw), malformed.message).help(malformed.help)
}

/// The names of all variables that a value refers to.
pub(crate) fn variable_references(node: &Node, found: &mut BTreeSet<String>) {
    match &node.data {
        NodeData::Text(text) => {
            for piece in split_references(text).unwrap_or_default() {
                if let TextPiece::Reference(Reference::Var(path), _) = piece {
                    found.extend(path.into_iter().next());
                }
            }
        }
        NodeData::List(items) => items.iter().for_each(|n| variable_references(n, found)),
        NodeData::Map(entries) => entries.iter().for_each(|e| variable_references(&e.value, found)),
        _ => {}
    }
}

/// Calls `found` with every reference to a stage's output in a value, and where it stands.
pub(crate) fn output_references(
    node: &Node,
    found: &mut dyn FnMut(&str, &str, Span) -> Result<()>,
) -> Result<()> {
    match &node.data {
        NodeData::Text(text) => {
            for piece in split_references(text).map_err(|m| malformed_reference(&node.span, m))? {
                if let TextPiece::Reference(Reference::Output { stage, output }, raw) = piece {
                    found(&stage, &output, node.span.narrowed_to(&raw))?;
                }
            }
            Ok(())
        }
        NodeData::List(items) => items.iter().try_for_each(|n| output_references(n, found)),
        NodeData::Map(entries) => entries
            .iter()
            .try_for_each(|e| output_references(&e.value, found)),
        _ => Ok(()),
    }
}
