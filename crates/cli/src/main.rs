//! The `ecgfm` command.

fn main() {
    ecgfm_cli::main()
}
