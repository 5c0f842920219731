//! `ecgfm verify`: compares a finished run with its recorded hashes.

use super::print_json;
use crate::args::VerifyArgs;
use crate::console::println_stdout;
use crate::failure::CommandFailure;
use crate::number_format::group_thousands;
use crate::observer::CommandProgress;
use ecgfm_artifacts::review;
use ecgfm_pipeline::{Cancel, Error, ErrorKind, InputHashes, Verification};
use serde::Serialize;
use serde_json::json;

/// Result of a verification, as it is printed in JSON.
#[derive(Serialize)]
struct VerifyReport {
    #[serde(flatten)]
    outputs: Verification,
    /// Set where `--inputs` was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<InputHashes>,
}

/// Hashes every output again, and the inputs where asked to, and compares with what is recorded.
pub fn verify(args: &VerifyArgs, quiet: bool, cancel: &Cancel) -> Result<(), CommandFailure> {
    let bar = |task| CommandProgress::new(task, quiet);
    let mut outputs = ecgfm_pipeline::verify_outputs(&args.dir, &bar("outputs"), cancel)?;
    // A reader's verdicts are no stage's, and nothing reads them with a stage's directory.
    outputs
        .extra
        .retain(|name| ![review::FILE, review::LOCK_FILE].contains(&name.as_str()));
    let hash = || ecgfm_pipeline::hash_inputs(&args.dir, &bar("inputs"), cancel);
    let inputs = args.inputs.then(hash).transpose()?;
    let found = VerifyReport { outputs, inputs };
    match (found.require_intact(args), args.json) {
        (Ok(()), true) => Ok(print_json(&found)?),
        (Err(error), true) => Err(CommandFailure::with_output(error, json!(found))),
        (intact, false) => {
            found.print_text();
            Ok(intact?)
        }
    }
}

impl VerifyReport {
    fn print_text(&self) {
        let outputs = &self.outputs;
        println_stdout!("{} files are intact", group_thousands(outputs.intact as u64));
        if outputs.cleaned > 0 {
            let cleaned = group_thousands(outputs.cleaned as u64);
            println_stdout!("{cleaned} were removed by clean, to be made again when they are needed");
        }
        print_files(&[
            ("missing", &outputs.missing),
            ("changed", &outputs.changed),
            ("extra", &outputs.extra),
            ("input changed since", &outputs.inputs_changed),
        ]);
        for (stage, accepted) in &outputs.accepted {
            println_stdout!("{stage}: {accepted}");
        }
        let Some(inputs) = &self.inputs else { return };
        if inputs.recorded > 0 {
            println_stdout!(
                "{} files of input are recorded in inputs.json now",
                group_thousands(inputs.recorded as u64)
            );
        }
        // On the first time there was nothing to compare with.
        if inputs.recorded == 0 || inputs.intact > 0 {
            println_stdout!(
                "{} files of input are intact",
                group_thousands(inputs.intact as u64)
            );
        }
        print_files(&[
            ("input missing", &inputs.missing),
            ("input changed", &inputs.changed),
            ("input extra", &inputs.extra),
            ("input changed before it was recorded", &inputs.unknown),
        ]);
    }

    fn require_intact(&self, args: &VerifyArgs) -> Result<(), Error> {
        let dir = args.dir.display();
        let wrong = |message: String, help: &str| Err(Error::new(ErrorKind::BadInput, message).help(help));
        if !self.outputs.is_intact() {
            return wrong(
                format!("{dir} is not what the run left: see the list"),
                self.advice(),
            );
        }
        if self.inputs.as_ref().is_some_and(|inputs| !inputs.is_intact()) {
            let message = format!("what {dir} was made from is no longer what it was: see the list");
            return wrong(
                message,
                "put the inputs back from a copy, or run the pipeline again on those of today",
            );
        }
        Ok(())
    }

    fn advice(&self) -> &'static str {
        let found = &self.outputs;
        match (
            found.missing.is_empty() && found.changed.is_empty(),
            found.extra.is_empty(),
        ) {
            (true, _) => "take out what is extra: a stage that reads a directory would read it too",
            (_, true) => "run the pipeline again to make what is missing or changed",
            _ => "run the pipeline again to make what is missing or changed, and take out what is extra",
        }
    }
}

fn print_files(lists: &[(&str, &Vec<String>)]) {
    for (what, files) in lists {
        files.iter().for_each(|file| println_stdout!("{what}: {file}"));
    }
}
