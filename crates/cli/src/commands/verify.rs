//! `ecgfm verify`: is a finished run still what it was, to the bit?

use super::print_json;
use crate::args::Verify;
use ecgfm_pipeline::{Cancel, Error, ErrorKind, NoProgress, verify as rehash};

/// Hashes every output again and compares with the lock file.
pub fn verify(args: &Verify, cancel: &Cancel) -> Result<(), Error> {
    let found = rehash(&args.dir, &NoProgress, cancel)?;
    if args.json {
        print_json(&found)?;
    } else {
        crate::out::outln!("{} files are intact", found.intact);
        let lists = [
            ("missing", &found.missing),
            ("changed", &found.changed),
            ("extra", &found.extra),
            ("input changed since", &found.inputs_changed),
        ];
        for (what, files) in lists {
            files.iter().for_each(|file| crate::out::outln!("{what}: {file}"));
        }
    }
    if found.is_intact() {
        return Ok(());
    }
    let message = format!("{} is not what the run left: see the list", args.dir.display());
    let help = match (
        found.missing.is_empty() && found.changed.is_empty(),
        found.extra.is_empty(),
    ) {
        (true, _) => "take out what is extra: a stage that reads a directory would read it too",
        (_, true) => "run the pipeline again to make what is missing or changed",
        _ => "run the pipeline again to make what is missing or changed, and take out what is extra",
    };
    Err(Error::new(ErrorKind::BadInput, message).help(help))
}
