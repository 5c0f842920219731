//! YAML text to [`Node`]s, within fixed limits whatever the text.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span as Marks, Tag};

use crate::config::mask::{mask_references, unmask_references};
use crate::config::node::{MapEntry, Node, NodeData};
use crate::config::scalar;
use crate::config::source::{SourceText, Span};
use crate::error::{Error, Result};

/// Longest text that is parsed, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Deepest nesting of lists and mappings, aliases expanded.
const MAX_DEPTH: usize = 64;
/// Heaviest tree, aliases expanded; see [`Node::measure`].
pub(crate) const MAX_WEIGHT: usize = 16 << 20;

/// Parses one YAML document. `text` is the source's own text, or the value inside an argument.
pub(crate) fn parse_yaml(source: &Arc<SourceText>, text: &str) -> Result<Node> {
    if text.len() > MAX_BYTES {
        let message = format!("{} bytes of YAML; at most {MAX_BYTES} are read", text.len());
        return Err(Error::config(&Span::start_of(source), message));
    }
    let masked = mask_references(source, text)?;
    let mut builder = Builder::new(source);
    let mut parser = Parser::new_from_str(&masked);
    while let Some(event) = parser.next_event() {
        let (event, marks) =
            event.map_err(|e| invalid_yaml(&error_span(source, text, e.marker()), e.info(), text))?;
        builder.event(event, &marks)?;
    }
    Ok(builder
        .root
        .unwrap_or_else(|| Node::new(NodeData::Null, Span::start_of(source))))
}

/// The place of a syntax error; the end of the last line where the parser ran off the text.
fn error_span(source: &Arc<SourceText>, text: &str, marker: &Marker) -> Span {
    match text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .last()
    {
        Some((at, line)) if marker.line() > at + 1 => Span::new(source, at + 1, line.chars().count(), 1),
        _ => Span::new(source, marker.line(), marker.col() + 1, 1),
    }
}

fn invalid_yaml(span: &Span, info: &str, text: &str) -> Error {
    let line = text.lines().nth(span.line() - 1).unwrap_or_default();
    let help = if line.contains("${") && !line.contains('}') {
        "close the reference: `${stage.output}`"
    } else if line.contains('\t') {
        "indent with spaces; YAML does not take tabs there"
    } else {
        "check indentation, quotes and brackets here and just above"
    };
    Error::config(span, format!("not valid YAML: {}", unmask_references(info))).help(help)
}

enum Frame {
    List {
        items: Vec<Node>,
    },
    Map {
        entries: Vec<MapEntry>,
        seen: HashSet<String>,
        key: Option<(String, Span)>,
    },
}

struct Open {
    frame: Frame,
    span: Span,
    anchor: usize,
}

/// Builds the tree from parser events, with a stack of its own so that depth costs no call stack.
struct Builder<'a> {
    source: &'a Arc<SourceText>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    weight: usize,
    root: Option<Node>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<SourceText>) -> Self {
        Self {
            source,
            stack: vec![],
            anchors: HashMap::new(),
            weight: 0,
            root: None,
        }
    }

    fn span(&self, marks: &Marks) -> Span {
        let (start, end) = (marks.start, marks.end);
        // Of a value over several lines the first is enough to find it; snippets cut at its end.
        let length = if start.line() == end.line() {
            end.index() - start.index()
        } else {
            usize::MAX
        };
        Span::new(self.source, start.line(), start.col() + 1, length)
    }

    fn event(&mut self, event: Event<'_>, marks: &Marks) -> Result<()> {
        let span = self.span(marks);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(Error::config(
                &span,
                "a second YAML document; one file holds one pipeline",
            )),
            Event::Scalar(text, style, anchor, tag) => {
                let text = unmask_references(&text);
                if self.expects_key() {
                    return self.key(text, span);
                }
                let node = scalar_node(text, style, tag.as_deref(), span)?;
                self.complete(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Frame::List { items: vec![] }, span, anchor, tag.as_deref())
            }
            Event::MappingStart(anchor, tag) => {
                let frame = Frame::Map {
                    entries: vec![],
                    seen: HashSet::new(),
                    key: None,
                };
                self.open(frame, span, anchor, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, &span),
            _ => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Open {
                frame: Frame::Map { key: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, text: String, span: Span) -> Result<()> {
        self.charge(text.len(), &span)?;
        if let Some(Open {
            frame: Frame::Map { entries, seen, key },
            ..
        }) = self.stack.last_mut()
        {
            if !seen.insert(text.clone()) {
                let error = Error::config(&span, format!("the key `{text}` is given twice"));
                let first = entries.iter().find(|e| e.key == text);
                return Err(match first {
                    Some(first) => error.note(format!("first given at {}", first.key_span)),
                    None => error,
                }
                .help("remove one of the two"));
            }
            *key = Some((text, span));
        }
        Ok(())
    }

    fn open(&mut self, frame: Frame, span: Span, anchor: usize, tag: Option<&Tag>) -> Result<()> {
        if self.expects_key() {
            return Err(Error::config(
                &span,
                "a key must be plain text, not a list or a mapping",
            ));
        }
        if tag.is_some_and(|tag| !(tag.is_yaml_core_schema() && matches!(&*tag.suffix, "map" | "seq"))) {
            return Err(Error::config(&span, "YAML tags are not supported here"));
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(Error::config(
                &span,
                format!("nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        // The start of a collection is enough to find it.
        let span = Span::new(self.source, span.line(), span.column(), 1);
        self.stack.push(Open { frame, span, anchor });
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(Open { frame, span, anchor }) = self.stack.pop() else {
            return Ok(());
        };
        let data = match frame {
            Frame::List { items } => NodeData::List(items),
            Frame::Map { entries, .. } => NodeData::Map(entries),
        };
        self.complete(Node::new(data, span), anchor)
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<()> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Error::config(
                span,
                "this alias is inside the value that it refers to",
            ));
        };
        let (weight, depth) = node.measure();
        self.charge(weight, span)?;
        if self.stack.len() + depth > MAX_DEPTH {
            return Err(Error::config(
                span,
                format!("nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Ok(());
        };
        if !self.expects_key() {
            return self.attach(node);
        }
        match node.data {
            NodeData::Text(text) => self.key(text, span.clone()),
            _ => Err(Error::config(span, "a key must be plain text")),
        }
    }

    /// A value is whole: remember it under its anchor and put it where it belongs.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<()> {
        let own = if let NodeData::Text(text) = &node.data {
            text.len()
        } else {
            0
        };
        self.charge(own, &node.span)?;
        if anchor > 0 {
            self.charge(node.measure().0, &node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        self.attach(node)
    }

    fn attach(&mut self, node: Node) -> Result<()> {
        match self.stack.last_mut().map(|open| &mut open.frame) {
            None => self.root = Some(node),
            Some(Frame::List { items }) => items.push(node),
            Some(Frame::Map { entries, key, .. }) => {
                if let Some((key, key_span)) = key.take() {
                    entries.push(MapEntry {
                        key,
                        key_span,
                        value: node,
                    });
                }
            }
        }
        Ok(())
    }

    fn charge(&mut self, weight: usize, span: &Span) -> Result<()> {
        self.weight = self
            .weight
            .saturating_add(weight)
            .saturating_add(crate::config::node::NODE_WEIGHT);
        if self.weight > MAX_WEIGHT {
            return Err(Error::config(span, "too large once its aliases are expanded"));
        }
        Ok(())
    }
}

fn scalar_node(text: String, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Node> {
    let data = match (tag, style) {
        (None, ScalarStyle::Plain) => scalar::parse_plain(&text).map_err(|e| Error::config(&span, e))?,
        (None, _) => NodeData::Text(text),
        (Some(tag), _) if tag.is_yaml_core_schema() && tag.suffix == "str" => NodeData::Text(text),
        (Some(tag), _) => {
            let message = format!("the YAML tag `{tag}` is not supported; only `!!str` is");
            return Err(Error::config(&span, message));
        }
    };
    Ok(Node::new(data, span))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> serde_json::Value {
        parse_yaml(&SourceText::file("t.yaml", text), text)
            .expect("parses")
            .to_json()
    }

    fn error(text: &str) -> String {
        parse_yaml(&SourceText::file("t.yaml", text), text)
            .expect_err("must not parse")
            .render()
    }

    #[test]
    fn references_stand_unquoted_in_flow_mappings_and_columns_stay_true() {
        let text = "with: { seed: ${vars.seed}, name: a${profile}b, 'q': '${x.y}' }\nz: $${no}";
        let node = parse_yaml(&SourceText::file("t.yaml", text), text).unwrap();
        let expected = serde_json::json!({"with": {"seed": "${vars.seed}", "name": "a${profile}b", "q": "${x.y}"}, "z": "$${no}"});
        assert_eq!(node.to_json(), expected);
        let with = &node.entry("with").unwrap().value;
        assert_eq!(with.entry("name").unwrap().key_span.column(), 29);
        assert_eq!(with.entry("seed").unwrap().value.span.length(), 12);
    }

    #[test]
    fn aliases_are_expanded() {
        assert_eq!(
            json("a: &x {k: [1, 2]}\nb: *x"),
            serde_json::json!({"a": {"k": [1, 2]}, "b": {"k": [1, 2]}})
        );
    }

    #[test]
    fn an_alias_bomb_is_refused_in_bounded_memory() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let last = i - 1;
            let row = vec![format!("*a{last}"); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{row}]\n"));
        }
        assert!(error(&text).contains("too large once its aliases are expanded"));
    }

    #[test]
    fn nesting_is_bounded_with_and_without_aliases() {
        assert!(error(&"[".repeat(100)).contains("nested deeper than 64"));
        assert!(error(&"[".repeat(100_000)).len() < 1000);
        assert!(error(&"- ".repeat(100_000)).contains("nested deeper than 64"));
        let mut text = String::from("a0: &a0 [x]\n");
        for i in 1..80 {
            text.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
        }
        assert!(error(&text).contains("nested deeper than 64"));
    }

    #[test]
    fn broken_yaml_names_the_place() {
        insta::assert_snapshot!(
            [
                "a: [1, 2\nb: 3\n",
                "name: x\nstages:\n\tsignals: 1\n",
                "a: 1\n  b: 2\n",
                "a: 'open\n",
                "w: { raw: ${vars.raw, b: 2\n",
                "x: 1\nseed: 3\nx: 2\n",
                "? [a]\n: b\n",
                "a: !secret b\n",
                "a: 1\n---\nb: 2\n",
                "a: &x [*x]\n",
                "n: 123456789012345678901234567890\n",
                "a: \u{F8F0}\n",
            ]
            .map(error)
            .join("\n")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*") {
            let _ = parse_yaml(&SourceText::file("t.yaml", text.clone()), &text).map_err(|e| e.render());
        }

        #[test]
        fn yaml_like_text_never_panics(text in "[a-c:{}\\[\\],&*!|>'\"#$% \t\n\r?-]{0,80}") {
            let _ = parse_yaml(&SourceText::file("t.yaml", text.clone()), &text).map_err(|e| e.render());
        }
    }
}
