//! `ecgfm fetch`: downloads checkpoints and data, and compares what is there.

use super::print_json;
use crate::args::FetchArgs;
use crate::errors::of_stage;
use crate::observer::CommandProgress;
use ecgfm_fetch::{
    DataSource, FetchOptions, FetchOutcome, FetchedFile, Fetcher, PlannedFile, SourceKind, find_source,
};
use ecgfm_pipeline::{Cancel, Error, ErrorKind};
use indicatif::HumanBytes;
use serde_json::json;

/// Fetches a source, or prints what that would download.
pub fn fetch(args: &FetchArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    let source = parse_source(&args.source)?;
    let dir = args.dir.clone().unwrap_or_else(|| source.place.clone());
    let fetcher = Fetcher::new(fetch_options(args)).map_err(fetch_error)?;
    let flag = cancel.flag();
    if args.dry_run {
        let planned = fetcher
            .plan(&source, &args.part, &dir, &flag)
            .map_err(fetch_error)?;
        if args.json {
            return print_json(&json!({ "source": source.name, "dir": dir, "would_fetch": planned }));
        }
        print_plan(&planned);
        return Ok(());
    }
    if !quiet {
        crate::console::println_stderr!("{} into {}/; terms: {}", source.title, dir.display(), source.page);
    }
    let progress = CommandProgress::new("bytes", quiet);
    let fetched = fetcher.fetch(&source, &args.part, &dir, &progress, &flag);
    // Takes the bar away.
    drop(progress);
    let fetched = fetched.map_err(fetch_error)?;
    if args.json {
        return print_json(&json!({ "source": source.name, "dir": dir, "files": fetched }));
    }
    fetched.iter().for_each(print_fetched);
    Ok(())
}

/// Parses `NAME`, `checkpoint NAME` or `dataset NAME`.
fn parse_source(words: &[String]) -> Result<DataSource, Error> {
    let wrong =
        |message: String| Error::new(ErrorKind::Config, message).help("`ecgfm sources` lists what there is");
    let (kind, name) = match words {
        [name] => (None, name),
        [kind, name] => (Some(kind.as_str()), name),
        _ => return Err(wrong("one source at a time".to_owned())),
    };
    let source = find_source(name).map_err(|e| wrong(e.to_string()))?;
    let is = match source.kind {
        SourceKind::Checkpoint => "checkpoint",
        SourceKind::Dataset => "dataset",
    };
    match kind {
        Some(kind) if kind != is => Err(wrong(format!("`{name}` is a {is}, not a `{kind}`"))),
        _ => Ok(source),
    }
}

/// Options from the command line and the environment variables that docs/fetch.md lists; the library reads no environment.
fn fetch_options(args: &FetchArgs) -> FetchOptions {
    let variable = |names: &[&str]| {
        let values = names.iter().filter_map(|name| std::env::var(name).ok());
        values.map(|v| v.trim().to_owned()).find(|v| !v.is_empty())
    };
    let usual = FetchOptions::default();
    FetchOptions {
        hub: variable(&["HF_ENDPOINT"]).unwrap_or(usual.hub),
        token: variable(&["HF_TOKEN"]),
        proxy: variable(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
        no_proxy: variable(&["NO_PROXY", "no_proxy"]),
        certificates: variable(&["SSL_CERT_FILE"]).map(Into::into),
        max_bytes: args.max_gib.saturating_mul(1 << 30),
        keep_archives: args.keep_archives,
        ..usual
    }
}

fn fetch_error(error: ecgfm_fetch::Error) -> Error {
    match &error {
        ecgfm_fetch::Error::Busy { .. } => Error::new(ErrorKind::Locked, error.to_string()),
        other => of_stage(other),
    }
}

fn print_fetched(fetched: &FetchedFile) {
    let outcome = match fetched.outcome {
        FetchOutcome::Fetched => "fetched",
        FetchOutcome::Present => "present",
        FetchOutcome::Unverified => "present, not compared",
    };
    let path = fetched.path.display();
    crate::console::println_stdout!("{path}\t{}\t{outcome}", HumanBytes(fetched.size));
}

fn print_plan(planned: &[PlannedFile]) {
    for file in planned {
        let size = match (file.size, &file.unknown) {
            _ if file.present => "present, would be compared".to_owned(),
            (Some(size), _) if file.have > 0 => {
                format!(
                    "{}, of which {} are here",
                    HumanBytes(size),
                    HumanBytes(file.have)
                )
            }
            (Some(size), _) => HumanBytes(size).to_string(),
            (None, Some(why)) => format!("size unknown ({why})"),
            (None, None) => "size unknown".to_owned(),
        };
        crate::console::println_stdout!("{}\t{size}\t{}", file.path.display(), file.url);
    }
    let wanted = planned.iter().filter(|f| !f.present);
    let left = wanted.map(|f| f.size.unwrap_or(0).saturating_sub(f.have));
    crate::console::println_stdout!("to download, as far as known: {}", HumanBytes(left.sum()));
}
