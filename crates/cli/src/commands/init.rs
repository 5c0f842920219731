//! `ecgfm init`: a commented pipeline for the ECGs of a directory, from looking at it.

mod found;
mod written;

use super::print_json;
use crate::args::InitArgs;
use crate::console::println_stdout;
use crate::errors::file_error;
use ecgfm_pipeline::{Error, ErrorKind};
use found::look_at;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use written::pipeline_text;

/// Looks at the data, writes the pipeline, and says what was found and what comes next.
///
/// # Errors
/// There is nothing at the path, or no ECG in it; the kind of archive is not known or not certain; the pipeline is there already or cannot be
/// written.
pub fn init(args: &InitArgs) -> Result<(), Error> {
    let found = look_at(&args.data, args.from.as_deref())?;
    let name = args.out.file_stem().and_then(|stem| stem.to_str());
    let name = name.ok_or_else(|| {
        let message = format!("--out {}: not a file name", args.out.display());
        Error::new(ErrorKind::Config, message).help("name a file such as mine.yaml")
    })?;
    let checkpoint = args.checkpoint.as_deref().map(absolute).transpose()?;
    let text = pipeline_text((name, &args.out), &found, checkpoint.as_deref())?;
    write_new(&args.out, &text)?;
    let next = format!("ecgfm run {} --dry-run", args.out.display());
    if args.json {
        return print_json(&json!({
            "file": args.out, "pipeline": found.kind.pipeline, "dataset": found.kind.dataset, "raw": found.raw,
            "evaluates": found.evaluates, "found": found.facts, "next": next,
        }));
    }
    for fact in &found.facts {
        println_stdout!("{fact}");
    }
    println_stdout!("{} written; next: {next}", args.out.display());
    Ok(())
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|e| file_error("find", path, &e))
}

/// Writes a file that must not be there.
fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    let mut file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::new(ErrorKind::Config, format!("{} is there already", path.display()))
                .help("remove it, or name another by --out")
        }
        _ => file_error("write", path, &error),
    })?;
    file.write_all(text.as_bytes()).map_err(|error| {
        // Half a pipeline would keep the next from being written.
        let _ = std::fs::remove_file(path);
        file_error("write", path, &error)
    })
}
