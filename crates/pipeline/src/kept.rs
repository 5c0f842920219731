//! What a program keeps in a run's directory beside the run: no part of it, and nothing that makes it stale.

/// The command lines that ran here, a JSON object a line: `at` (RFC 3339), `process`, `directory`, `arguments` when one
/// begins; `at`, `process`, `exit` when it ends.
pub const COMMANDS_FILE: &str = "commands.jsonl";

/// What the runs here told, a line each with its time.
pub const LOG_FILE: &str = "run.log";
