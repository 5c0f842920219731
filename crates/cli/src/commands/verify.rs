//! `ecgfm verify`: is a finished run still what it was?

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
    Err(Error::new(ErrorKind::BadInput, message)
        .help("run the pipeline again to make what is missing or changed"))
}
