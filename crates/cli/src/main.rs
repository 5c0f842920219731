//! The `ecgfm` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ecgfm_cli::main()
}
