//! `ecgfm sources`: where checkpoints and data come from.

use super::print_json;
use crate::args::SourcesArgs;
use crate::number_format::group_thousands;
use ecgfm_fetch::{CheckDepth, DataSource, FileProblem, all_sources, find_source};
use ecgfm_pipeline::{Error, ErrorKind};
use serde_json::json;

/// Problems of a source that are shown.
const MAX_SHOWN: usize = 40;

/// Says where to get each source and what is still missing.
pub fn sources(args: &SourcesArgs) -> Result<(), Error> {
    let found = match &args.name {
        Some(name) => vec![find_source(name).map_err(|e| Error::new(ErrorKind::Config, e.to_string()))?],
        None => all_sources().map_err(|e| Error::new(ErrorKind::StageFailed, e.to_string()))?,
    };
    let mut listed = Vec::new();
    for source in &found {
        let dir = args.dir.clone().unwrap_or_else(|| source.place.clone());
        let problems = source
            .check(&dir, CheckDepth::Sizes)
            .map_err(|e| Error::new(ErrorKind::StageFailed, e.to_string()))?;
        if args.json {
            listed.push(json!({ "source": source, "dir": dir, "problems": problems }));
        } else {
            crate::console::println_stdout!("{}: {}", source.name, source.instructions());
            if source.by_hand.is_some() {
                continue;
            }
            crate::console::println_stdout!(
                "{}",
                source_state(source, &problems, &dir.display().to_string())
            );
        }
    }
    if args.json { print_json(&listed) } else { Ok(()) }
}

fn source_state(source: &DataSource, problems: &[FileProblem], dir: &str) -> String {
    if problems.is_empty() {
        let files = match &source.checksums {
            Some(list) => format!("all files that {} names", list.url),
            None => format!("all {} files", source.files.len()),
        };
        return format!("  {files} are in {dir}/\n");
    }
    let further = problems.len().saturating_sub(MAX_SHOWN);
    let further = match further {
        0 => String::new(),
        n => format!("  and {} further files\n", group_thousands(n as u64)),
    };
    let lines: Vec<String> = problems
        .iter()
        .take(MAX_SHOWN)
        .map(|problem| match problem {
            FileProblem::Missing(file) => format!("  missing in {dir}/: {file}\n"),
            FileProblem::Size(file, found, published) => {
                format!(
                    "  {dir}/{file}: {} bytes, and {} are expected\n",
                    group_thousands(*found),
                    group_thousands(*published)
                )
            }
            FileProblem::Checksum(file) => {
                format!("  {dir}/{file}: another file than expected, or damaged\n")
            }
        })
        .collect();
    format!(
        "{}{further}  to get it: ecgfm fetch {}\n",
        lines.concat(),
        source.name
    )
}
