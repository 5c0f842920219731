//! Elements of an XML document, in one array.

use super::entities::resolve;
use super::scan::{Scanner, Token, XmlError};
use std::borrow::Cow;

/// Number of elements of a document that are read.
const MAX_ELEMENTS: usize = 1 << 18;
/// Number of elements that memory is reserved for at once: of a document, and of the beginning of one.
const ELEMENTS: usize = 512;
const FIRST_ELEMENTS: usize = 128;
/// Depth to which elements may be nested.
const MAX_DEPTH: usize = 64;
/// Length of a name that is repeated in a message, in characters.
const SHOWN: usize = 40;

/// Elements of a document in the order of their opening tags.
#[derive(Debug)]
pub(crate) struct XmlTree<'a> {
    elements: Vec<Element<'a>>,
    /// Number of `<` and `&` that should have been escaped, and were taken for text.
    pub(crate) repaired: usize,
}

#[derive(Debug)]
struct Element<'a> {
    name: &'a str,
    attributes: &'a str,
    text: Cow<'a, str>,
    /// Number of the first element after it that is not inside it.
    end: usize,
}

/// Element of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct XmlNode<'t> {
    elements: &'t [Element<'t>],
    index: usize,
}

impl<'a> XmlTree<'a> {
    /// Reads a document. The content of elements that are named in `free_text` is text whatever it looks like: devices do
    /// not escape what people write there.
    pub(crate) fn parse(text: &'a str, free_text: &[&str]) -> Result<Self, XmlError> {
        let mut scanner = Scanner::new(text);
        let mut builder = TreeBuilder::default();
        builder.elements.reserve(ELEMENTS);
        while let Some(token) = scanner.next()? {
            builder.add_next(token, &mut scanner, free_text)?;
        }
        if let Some(name) = builder.open_name() {
            let what = format!("the file ends inside <{}>", shown(name));
            return Err(scanner.error(what));
        }
        if builder.elements.is_empty() {
            return Err(scanner.error("there is no element"));
        }
        Ok(builder.into_tree(&scanner))
    }

    /// Reads a document up to the first opening tag `name` of whose parent, as far as it was read, `is_enough` says so; none where
    /// there is no such tag in `text`, or damage before it. Elements that are open there end there.
    pub(crate) fn parse_until(
        text: &'a str,
        free_text: &[&str],
        name: &str,
        is_enough: impl Fn(XmlNode<'_>) -> bool,
    ) -> Option<Self> {
        let mut scanner = Scanner::new(text);
        let mut builder = TreeBuilder::default();
        builder.elements.reserve(FIRST_ELEMENTS);
        while let Some(token) = scanner.next().ok()? {
            if matches!(&token, Token::Start(start) if start.name == name)
                && builder.innermost().is_some_and(&is_enough)
            {
                return Some(builder.into_tree(&scanner));
            }
            builder.add_next(token, &mut scanner, free_text).ok()?;
        }
        None
    }

    /// Outermost element.
    pub(crate) fn root(&self) -> XmlNode<'_> {
        XmlNode {
            elements: &self.elements,
            index: 0,
        }
    }
}

#[derive(Default)]
struct TreeBuilder<'a> {
    elements: Vec<Element<'a>>,
    open: Vec<usize>,
    repaired: usize,
}

impl<'a> TreeBuilder<'a> {
    fn into_tree(self, scanner: &Scanner<'a>) -> XmlTree<'a> {
        XmlTree {
            elements: self.elements,
            repaired: self.repaired + scanner.repaired,
        }
    }

    /// The innermost element that is open, with what was read of it.
    fn innermost(&mut self) -> Option<XmlNode<'_>> {
        let end = self.elements.len();
        for open in &self.open {
            self.elements[*open].end = end;
        }
        let index = *self.open.last()?;
        Some(XmlNode {
            elements: &self.elements,
            index,
        })
    }

    /// Adds a piece; with an opening tag also free text, or all of an element that has nothing but text.
    fn add_next(
        &mut self,
        token: Token<'a>,
        scanner: &mut Scanner<'a>,
        free_text: &[&str],
    ) -> Result<(), XmlError> {
        if self.open.is_empty() && !self.elements.is_empty() {
            return match token {
                Token::Start(_) | Token::End(_) => {
                    Err(scanner.error("there is more after the end of the document"))
                }
                Token::Text(_) | Token::Verbatim(_) => Ok(()),
            };
        }
        let (is_opened, is_free) = match &token {
            Token::Start(start) if !start.empty => (true, free_text.contains(&start.name)),
            _ => (false, false),
        };
        self.add(token).map_err(|what| scanner.error(what))?;
        let Some(name) = self.open_name().filter(|_| is_opened) else {
            return Ok(());
        };
        if is_free {
            let text = scanner.free_text(name)?;
            self.add(text).map_err(|what| scanner.error(what))?;
        } else if let Some(text) = scanner.plain_content(name) {
            self.add_text(Cow::Borrowed(text));
            self.close();
        }
        Ok(())
    }

    fn open_name(&self) -> Option<&'a str> {
        self.open.last().map(|open| self.elements[*open].name)
    }

    fn add(&mut self, token: Token<'a>) -> Result<(), String> {
        match token {
            Token::Start(start) => {
                if self.elements.len() == MAX_ELEMENTS || self.open.len() == MAX_DEPTH {
                    return Err(format!(
                        "more than {MAX_ELEMENTS} elements, or nested more than {MAX_DEPTH} deep"
                    ));
                }
                self.elements.push(Element {
                    name: start.name,
                    attributes: start.attributes,
                    text: Cow::Borrowed(""),
                    end: self.elements.len() + 1,
                });
                if !start.empty {
                    self.open.push(self.elements.len() - 1);
                }
            }
            Token::End(name) => {
                let open = self.open_name().unwrap_or_default();
                if open != name {
                    return Err(format!("</{}> closes <{}>", shown(name), shown(open)));
                }
                self.close();
            }
            Token::Text(text) => {
                let mut repaired = 0;
                self.add_text(resolve(text, &mut repaired));
                self.repaired += repaired;
            }
            Token::Verbatim(text) => self.add_text(Cow::Borrowed(text)),
        }
        Ok(())
    }

    /// Closes the innermost element that is open.
    fn close(&mut self) {
        let end = self.elements.len();
        if let Some(closed) = self.open.pop() {
            self.elements[closed].end = end;
        }
    }

    fn add_text(&mut self, text: Cow<'a, str>) {
        let Some(open) = self.open.last() else {
            return;
        };
        let element = &mut self.elements[*open].text;
        if element.trim_ascii().is_empty() {
            *element = text;
        } else if !text.trim_ascii().is_empty() {
            element.to_mut().push_str(&text);
        }
    }
}

fn shown(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}

impl<'t> XmlNode<'t> {
    fn element(self) -> &'t Element<'t> {
        &self.elements[self.index]
    }

    /// Name of the element, with its prefix.
    pub(crate) fn name(self) -> &'t str {
        self.element().name
    }

    /// Attributes as they are written.
    pub(crate) fn attributes(self) -> &'t str {
        self.element().attributes
    }

    /// Text directly inside the element, without blanks around it.
    pub(crate) fn text(self) -> &'t str {
        self.element().text.trim()
    }

    /// Elements directly inside.
    pub(crate) fn children(self) -> impl Iterator<Item = XmlNode<'t>> {
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let child = XmlNode { index, ..self };
            let found = index < self.element().end;
            if found {
                index = child.element().end;
            }
            found.then_some(child)
        })
    }

    /// Elements of the name `name` directly inside.
    pub(crate) fn children_named(self, name: &'t str) -> impl Iterator<Item = XmlNode<'t>> {
        self.children().filter(move |child| child.name() == name)
    }

    /// First element of the name `name` directly inside.
    pub(crate) fn child(self, name: &'t str) -> Option<XmlNode<'t>> {
        self.children_named(name).next()
    }

    /// Text of the first element of the name `name` directly inside; none where there is no text.
    pub(crate) fn text_of(self, name: &'t str) -> Option<&'t str> {
        self.child(name)
            .map(XmlNode::text)
            .filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_name_and_text_is_put_together() {
        let text = "<r a='1'>\n<x> one </x><y><x>two</x></y><x>th<!-- -->r<![CDATA[e&]]>e</x><x/>\n</r>\n";
        let tree = XmlTree::parse(text, &[]).unwrap();
        let root = tree.root();
        assert_eq!((root.name(), root.attributes(), root.text()), ("r", " a='1'", ""));
        let texts: Vec<&str> = root.children_named("x").map(XmlNode::text).collect();
        assert_eq!(texts, ["one", "thre&e", ""]);
        assert_eq!(root.child("y").unwrap().text_of("x"), Some("two"));
        assert_eq!(root.children().count(), 4);
    }

    #[test]
    fn free_text_keeps_what_looks_like_tags() {
        let text = "<r><s>QRS < 120 & <PR></s><s/><s>a</s><s><![CDATA[<&amp;]]></s></r>";
        let tree = XmlTree::parse(text, &["s"]).unwrap();
        let texts: Vec<&str> = tree.root().children().map(XmlNode::text).collect();
        assert_eq!(texts, ["QRS < 120 & <PR>", "", "a", "<&amp;"]);
        assert_eq!(tree.repaired, 3);
    }

    #[test]
    fn a_document_is_read_up_to_the_tag_that_is_enough() {
        let text = "<r><a>1</a><x><k>one</k><v>&#1</v></x><x><k>two</k><v>3</v><k>";
        let until =
            |text, kind| XmlTree::parse_until(text, &[], "v", |parent| parent.text_of("k") == Some(kind));
        let tree = until(text, "two").unwrap();
        let kinds: Vec<Option<&str>> = tree.root().children_named("x").map(|x| x.text_of("k")).collect();
        assert_eq!(
            (tree.root().text_of("a"), &kinds[..]),
            (Some("1"), &[Some("one"), Some("two")][..])
        );
        assert_eq!(
            (
                tree.root().children().count(),
                until(text, "one").unwrap().root().children().count()
            ),
            (3, 2)
        );
        assert!(until(text, "three").is_none() && until("<r></x><v>", "one").is_none());
    }

    #[test]
    fn contradictions_are_named_with_their_line() {
        let error = |text: &str| {
            let error = XmlTree::parse(text, &["s"]).unwrap_err();
            format!("{}: {}", error.line, error.what)
        };
        assert_eq!(error("<r>\n<x>1"), "2: the file ends inside <x>");
        assert_eq!(error("<r>\n<x></r>"), "2: </r> closes <x>");
        assert_eq!(error("</r>"), "1: </r> closes <>");
        assert_eq!(
            error("<r/><r/>"),
            "1: there is more after the end of the document"
        );
        assert_eq!(error(" "), "1: there is no element");
        assert_eq!(error("<r>\n\n<s>a</r>"), "3: <s> is not closed");
        assert!(error(&"<a>".repeat(100)).contains("nested more than 64 deep"));
        assert!(error(&format!("<a>{}", "<b/>".repeat(300_000))).contains("262144 elements"));
    }

    #[test]
    fn entities_that_a_document_defines_are_not_expanded() {
        let text = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><r>&b;</r>";
        assert_eq!(XmlTree::parse(text, &[]).unwrap().root().text(), "&b;");
    }
}
