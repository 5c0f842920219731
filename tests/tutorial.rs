//! docs/tutorial.md is true: every command is run and prints what the page shows.
//!
//! `ECGFM_TUTORIAL=update` writes what the commands print into the page, where it differs.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

#[path = "tutorial/check.rs"]
mod check;
mod common;
#[path = "tutorial/compare.rs"]
mod compare;
#[path = "tutorial/page.rs"]
mod page;

use check::{Shell, check};
use page::Page;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const FILE: &str = "docs/tutorial.md";

/// What stands above every block of model figures.
const CAPTION: &str = "SYNTHETIC, DEMO MODEL";

fn path() -> PathBuf {
    common::root().join(FILE)
}

/// Read once, before an update can write it.
static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let text = std::fs::read_to_string(path()).unwrap();
    Page::parse(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"))
});

/// Whether to write outputs into the page.
fn update() -> bool {
    match std::env::var("ECGFM_TUTORIAL").as_deref() {
        Err(_) | Ok("" | "check") => false,
        Ok("update") => true,
        Ok(other) => panic!("ECGFM_TUTORIAL={other}: say check or update"),
    }
}

#[test]
fn every_command_of_the_tutorial_prints_what_the_tutorial_shows() {
    let page = &*PAGE;
    let shell = Shell::new(Path::new(env!("CARGO_BIN_EXE_ecgfm")));
    let mut complaints = check(page, FILE, &shell);
    if update() {
        let (new, left): (Vec<_>, Vec<_>) = complaints.into_iter().partition(|c| c.output.is_some());
        let outputs: Vec<_> = new.into_iter().filter_map(|c| c.output).collect();
        std::fs::write(path(), page.with_outputs(&outputs).unwrap()).unwrap();
        complaints = left;
    }
    let texts: Vec<String> = complaints.into_iter().map(|c| c.text).collect();
    assert!(
        texts.is_empty(),
        "{}\n{} commands do not do what the page says; if the page should follow: just tutorial update",
        texts.join("\n"),
        texts.len()
    );
}

#[test]
fn every_block_of_model_figures_says_what_it_is_made_from() {
    let figures = PAGE.blocks.iter().filter(|b| b.rules.figures > 0.0);
    for block in figures {
        assert!(
            PAGE.caption(block).contains(CAPTION),
            "{FILE}:{}: the line above should say {CAPTION}",
            block.line
        );
    }
}
