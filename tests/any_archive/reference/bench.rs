//! The scripts' data, and a place for what the stages make of them.

use crate::common::reference;
use crate::sources::stage;
use std::path::PathBuf;
use std::process::Command;

/// Unpacks an archive that the system's `tar` may not know how to.
pub(super) const UNPACK: &str =
    "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter='data')";
/// Options by which the stage `signals` keeps what the scripts keep.
pub(super) const AS_THE_SCRIPTS: [&str; 3] = ["missing_leads=nan", "all_zero=keep", "not_finite=keep"];
/// The data, and a place for what is made of them.
pub(super) struct Bench {
    pub(super) shared: PathBuf,
    pub(super) raw: PathBuf,
    dir: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new() -> Option<Self> {
        let shared = reference()?.with_file_name("reference2");
        let dir = tempfile::tempdir().unwrap();
        for archive in ["edge", "mimic_edge"] {
            let unpacked = Command::new("python3")
                .args(["-c", UNPACK])
                .args([
                    shared.join(archive).join("inputs.tar.xz"),
                    dir.path().join(archive),
                ])
                .status();
            if !unpacked.is_ok_and(|status| status.success()) {
                eprintln!(
                    "SKIPPED: no {} that python3 unpacks",
                    shared.join(archive).display()
                );
                return None;
            }
        }
        Some(Self {
            raw: dir.path().to_owned(),
            shared,
            dir,
        })
    }

    pub(super) fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join("out").join(name)
    }

    /// Runs a stage into the directory `name`; the error is what it prints, without paths of this test.
    pub(super) fn run(&self, kind: &str, with: &[String], name: &str) -> Result<PathBuf, String> {
        let out = self.out(name);
        let (success, text) = stage(kind, with, &out);
        if success {
            return Ok(out);
        }
        let text = text
            .lines()
            .find_map(|line| line.strip_prefix("error: "))
            .unwrap_or(&text)
            .to_owned();
        Err(format!("error: {}", self.shorten(&text)))
    }

    /// A message without paths of this test, arguments in front, and lists of columns.
    pub(super) fn shorten(&self, text: &str) -> String {
        let text = match text
            .strip_prefix("--with")
            .and_then(|rest| rest.find('`').map(|at| &rest[at..]))
        {
            Some(rest) => rest,
            None => text,
        };
        let text = text.split("; they have").next().unwrap_or_default();
        let text = text.replace(&self.dir.path().display().to_string(), "DIR");
        text.replace(&self.shared.display().to_string(), "REFERENCE")
    }

    /// Runs `signals` on the records of the option cases.
    pub(super) fn signals(&self, with: &[&str], name: &str) -> Result<PathBuf, String> {
        let raw = self.raw.join("edge/raw/constant_zero_III");
        let own = [
            "dataset=physionet2021".to_owned(),
            format!("raw={}", raw.display()),
        ];
        let with = AS_THE_SCRIPTS.iter().chain(with).map(|with| (*with).to_owned());
        self.run("signals", &own.into_iter().chain(with).collect::<Vec<_>>(), name)
    }

    /// Directory in which the scripts left a case of options.
    pub(super) fn case(&self, name: &str) -> PathBuf {
        self.shared.join("options/cases").join(name)
    }
}
