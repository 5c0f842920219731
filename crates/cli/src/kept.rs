//! What is kept of commands in a run's directory: their lines and what they told.
//!
//! Nothing depends on it: what cannot be written, on a full disk say, is left out.

use ecgfm_pipeline::{COMMANDS_FILE, LOG_FILE, now};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Writes to the two files from the moment on that the run holds its directory.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Option<Files>>);

#[derive(Debug)]
struct Files {
    commands: File,
    log: File,
}

impl Kept {
    /// The run holds its directory: its command line is kept.
    pub fn begin(&self, run_dir: &Path) {
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.create(true).append(true).open(run_dir.join(name))
        };
        let (Ok(commands), Ok(log)) = (open(COMMANDS_FILE), open(LOG_FILE)) else {
            return;
        };
        *self.files() = Some(Files { commands, log });
        let arguments: Vec<String> = std::env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let directory = std::env::current_dir().unwrap_or_default();
        self.command(json!({
            "at": now(),
            "process": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
            "directory": directory.to_string_lossy(),
            "arguments": arguments,
        }));
        self.line(&format!("$ {}", arguments.join(" ")));
    }

    /// The command ended.
    pub fn end(&self, exit: u8) {
        self.command(json!({ "at": now(), "process": std::process::id(), "exit": exit }));
    }

    /// Something was told; every line of it gets the time.
    pub fn line(&self, text: &str) {
        if let Some(files) = self.files().as_mut() {
            let at = now();
            let lines: String = text.lines().map(|line| format!("{at} {line}\n")).collect();
            // One call, so that two processes' lines do not mix.
            let _ = files.log.write_all(lines.as_bytes());
        }
    }

    fn command(&self, entry: Value) {
        if let Some(files) = self.files().as_mut() {
            let _ = files.commands.write_all(format!("{entry}\n").as_bytes());
        }
    }

    fn files(&self) -> std::sync::MutexGuard<'_, Option<Files>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
