//! Log of the commands in a run's directory: their command lines and their messages.
//!
//! Nothing depends on it: what cannot be written, on a full disk say, is left out.

use ecgfm_pipeline::{COMMANDS_FILE, LOG_FILE, now};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The two files of a run's log, written to from the moment on that the run holds its directory.
#[derive(Debug, Default)]
pub struct RunLog(Mutex<Option<LogFiles>>);

#[derive(Debug)]
struct LogFiles {
    commands: File,
    log: File,
}

impl RunLog {
    /// Opens the files, once the run holds its directory, and records the command line.
    pub fn open(&self, run_dir: &Path) {
        let append_to = |name: &str| {
            let mut options = OpenOptions::new();
            options.create(true).append(true).open(run_dir.join(name))
        };
        let (Ok(commands), Ok(log)) = (append_to(COMMANDS_FILE), append_to(LOG_FILE)) else {
            return;
        };
        *self.lock_files() = Some(LogFiles { commands, log });
        let arguments: Vec<String> = std::env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let directory = std::env::current_dir().unwrap_or_default();
        self.append_command(json!({
            "at": now(),
            "process": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
            "directory": directory.to_string_lossy(),
            "arguments": arguments,
        }));
        self.append_message(&format!("$ {}", arguments.join(" ")));
    }

    /// Records the exit code of the command.
    pub fn record_exit(&self, exit: u8) {
        self.append_command(json!({ "at": now(), "process": std::process::id(), "exit": exit }));
    }

    /// Appends a message to the log; every line of it gets the time.
    pub fn append_message(&self, text: &str) {
        if let Some(files) = self.lock_files().as_mut() {
            let at = now();
            let lines: String = text.lines().map(|line| format!("{at} {line}\n")).collect();
            // One call, so that two processes' lines do not mix.
            let _ = files.log.write_all(lines.as_bytes());
        }
    }

    fn append_command(&self, entry: Value) {
        if let Some(files) = self.lock_files().as_mut() {
            let _ = files.commands.write_all(format!("{entry}\n").as_bytes());
        }
    }

    fn lock_files(&self) -> std::sync::MutexGuard<'_, Option<LogFiles>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
