//! No two files of a crate use each other, directly or by way of others.
//!
//! An arrow goes from a file to the file where an item that it names by a path is defined: re-exports are followed, and draw no
//! arrow themselves. Methods draw none, nor do tests inside a file.
//!
//! Needs neither the programs nor libtorch: `cargo test -p ecgfm-system --test circles` takes a second.

mod module;
mod paths;

use module::{Crate, crates};
use paths::named_paths;
use std::collections::{BTreeMap, BTreeSet};

/// Module → modules whose items it names, with the first line that does.
type Arrows = BTreeMap<usize, BTreeMap<usize, usize>>;

fn arrows(tree: &Crate) -> Arrows {
    let arrows_of = |from: usize| {
        let mut arrows = BTreeMap::new();
        for (line, path) in named_paths(&tree.modules[from]) {
            if let Some(to) = tree.definer(from, &path).filter(|to| *to != from) {
                arrows.entry(to).or_insert(line);
            }
        }
        (from, arrows)
    };
    (0..tree.modules.len()).map(arrows_of).collect()
}

/// Modules that some chain of arrows leads to.
fn reached(arrows: &Arrows, from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        open.extend(arrows[&module].keys().copied().filter(|to| reached.insert(*to)));
    }
    reached
}

/// Arrows between files of the same circle, each as a line of text.
fn circles(tree: &Crate) -> Vec<String> {
    let arrows = arrows(tree);
    let reached: Vec<BTreeSet<usize>> = (0..tree.modules.len()).map(|m| reached(&arrows, m)).collect();
    let name = |module: usize| tree.modules[module].file.display();
    let mut lines = Vec::new();
    for (from, to, line) in arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(|(to, line)| (*from, *to, *line)))
    {
        if reached[to].contains(&from) {
            lines.push(format!("{}:{line} names an item of {}", name(from), name(to)));
        }
    }
    lines
}

#[test]
fn no_two_files_of_a_crate_use_each_other() {
    let mut failures = String::new();
    for tree in crates() {
        let circles = circles(&tree);
        if !circles.is_empty() {
            failures += &format!("\n{}: a circle\n  {}\n", tree.name, circles.join("\n  "));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn a_circle_is_seen_through_a_re_export() {
    let tree = Crate::of_texts(&[
        ("", "mod a;\nmod b;\npub use b::Second;"),
        ("a", "use crate::Second;\npub struct First;"),
        (
            "b",
            "pub struct Second;\nfn f() -> crate::a::First { todo!() }\n#[cfg(test)]\nmod tests {\n    use super::*;\n}",
        ),
    ]);
    assert_eq!(
        circles(&tree),
        ["a.rs:1 names an item of b.rs", "b.rs:2 names an item of a.rs"]
    );
}

#[test]
fn a_table_of_contents_is_no_circle() {
    let tree = Crate::of_texts(&[
        (
            "",
            "mod a;\nmod b;\npub use a::First;\npub use b::{Second, third};",
        ),
        ("a", "pub struct First;"),
        (
            "b",
            "use super::First;\nuse crate::a;\npub fn third() -> a::First { First }",
        ),
    ]);
    assert_eq!(circles(&tree), [""; 0]);
}
