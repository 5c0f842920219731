//! Progress of a download on standard error.

use crate::out::errln;
use ecgfm_fetch::{Progress, Step};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::Duration;

/// A bar with rate and time left on a terminal, a line a step elsewhere, nothing if quiet.
pub struct Bar {
    quiet: bool,
    terminal: bool,
    bar: RefCell<Option<ProgressBar>>,
}

impl Bar {
    /// Says nothing where `quiet`.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = RefCell::default();
        Self { quiet, terminal, bar }
    }
}

impl Progress for Bar {
    fn began(&self, file: &str, step: Step, done: u64, total: Option<u64>) {
        let doing = match step {
            Step::Download => "downloading",
            Step::Check => "comparing",
            Step::Unpack => "unpacking",
        };
        if self.quiet {
            return;
        }
        if !self.terminal {
            let size = total.map_or_else(String::new, |n| format!(" {}", HumanBytes(n)));
            let from = if done > 0 {
                format!(" from {}", HumanBytes(done))
            } else {
                String::new()
            };
            errln!("  {file}: {doing}{size}{from}");
            return;
        }
        let template = match total {
            Some(_) => {
                "  {prefix} [{bar:30}] {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left"
            }
            None => "  {prefix} {binary_bytes}  {binary_bytes_per_sec}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let bar = bar
            .with_style(style.progress_chars("=> "))
            .with_prefix(format!("{doing} {file}"))
            .with_position(done);
        // What was there already says nothing about the rate.
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(200));
        *self.bar.borrow_mut() = Some(bar);
    }

    fn advanced(&self, bytes: u64) {
        if let Some(bar) = &*self.bar.borrow() {
            bar.inc(bytes);
        }
    }

    fn ended(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn note(&self, file: &str, message: &str) {
        if !self.quiet {
            errln!("  {file}: {message}");
        }
    }
}
