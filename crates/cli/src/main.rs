//! The `ecgfm` command, without libtorch.

fn main() {
    ecgfm_cli::main(None)
}
