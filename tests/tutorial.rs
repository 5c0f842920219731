//! The pages with commands are true: every command is run and prints what its page shows.
//!
//! `ECGFM_TUTORIAL=update` writes what the commands print into the pages, where it differs.

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

/// The line above every block of model figures.
const CAPTION: &str = "SYNTHETIC, DEMO MODEL";

/// A page whose commands are run, read once, before an update can write it.
struct CheckedPage {
    file: &'static str,
    page: Page,
}

static TUTORIAL: LazyLock<CheckedPage> = LazyLock::new(|| CheckedPage::read("docs/tutorial.md"));
static PIPELINES: LazyLock<CheckedPage> = LazyLock::new(|| CheckedPage::read("docs/pipelines.md"));

impl CheckedPage {
    fn read(file: &'static str) -> Self {
        let text = std::fs::read_to_string(common::root().join(file)).unwrap();
        let page = Page::parse(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        Self { file, page }
    }

    fn path(&self) -> PathBuf {
        common::root().join(self.file)
    }

    /// Runs the commands in order and fails with every one that does not print what the page shows.
    fn run(&self) {
        let shell = Shell::new(Path::new(env!("CARGO_BIN_EXE_ecgfm")));
        let mut complaints = check(&self.page, self.file, &shell);
        if update() {
            let (new, left): (Vec<_>, Vec<_>) = complaints.into_iter().partition(|c| c.output.is_some());
            let outputs: Vec<_> = new.into_iter().filter_map(|c| c.output).collect();
            std::fs::write(self.path(), self.page.with_outputs(&outputs).unwrap()).unwrap();
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
}

/// Whether to write outputs into the pages.
fn update() -> bool {
    match std::env::var("ECGFM_TUTORIAL").as_deref() {
        Err(_) | Ok("" | "check") => false,
        Ok("update") => true,
        Ok(other) => panic!("ECGFM_TUTORIAL={other}: say check or update"),
    }
}

#[test]
fn every_command_of_the_tutorial_prints_what_the_tutorial_shows() {
    TUTORIAL.run();
}

#[test]
fn every_command_about_pipelines_prints_what_the_page_shows() {
    PIPELINES.run();
}

#[test]
fn every_block_of_model_figures_says_what_it_is_made_from() {
    let page = &TUTORIAL.page;
    for block in page.blocks.iter().filter(|b| b.rules.figures > 0.0) {
        assert!(
            page.caption(block).contains(CAPTION),
            "{}:{}: the line above should say {CAPTION}",
            TUTORIAL.file,
            block.line
        );
    }
}
