//! Runs a page's commands, in order, in one empty directory.

use crate::compare::{as_shown, difference};
use crate::page::{Block, Page, Step};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory in which the commands run.
pub(crate) struct Shell {
    /// Removed at the end.
    _keep: tempfile::TempDir,
    dir: PathBuf,
    path: std::ffi::OsString,
}

/// What is wrong with a command of the page.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// For people: place, command, what is wrong.
    pub(crate) text: String,
    /// Where the output stands and what it is; None if writing it would not put it right.
    pub(crate) output: Option<(Range<usize>, Vec<String>)>,
}

impl Shell {
    /// An empty directory, and `program` found as its file name.
    pub(crate) fn new(program: &Path) -> Self {
        let keep = tempfile::tempdir().expect("a directory");
        let dir = keep.path().canonicalize().expect("a path");
        let programs = program.parent().expect("a file").to_owned();
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(programs).chain(std::env::split_paths(&inherited));
        Self {
            _keep: keep,
            dir,
            path: std::env::join_paths(all).expect("a search path"),
        }
    }

    /// Exit code and lines, standard error among standard output as in a terminal. The environment is empty, but for
    /// what makes sorting and messages the same everywhere. Graphics cards are hidden: the page shows a processor's
    /// figures, and `device: auto` would take the card.
    fn run(&self, options: &[&str], command: &str) -> (i32, Vec<String>) {
        let output = Command::new("bash")
            .args(options)
            .arg("-c")
            .arg(format!("exec 2>&1; set -o pipefail\n{command}"))
            .current_dir(&self.dir)
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", &self.dir)
            .env("LC_ALL", "C")
            .env("CUDA_VISIBLE_DEVICES", "")
            .output()
            .expect("bash starts");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        let text = text.replace(&self.dir.display().to_string(), "DIR");
        let lines = text.lines().map(|line| line.trim_end().to_owned()).collect();
        (output.status.code().unwrap_or(-1), lines)
    }
}

/// Runs every command of a page; complaints are in its order. `file` is how they call it.
pub(crate) fn check(page: &Page, file: &str, shell: &Shell) -> Vec<Complaint> {
    let steps = page
        .blocks
        .iter()
        .flat_map(|b| b.steps.iter().map(move |s| (b, s)));
    let complaints = steps.filter_map(|(block, step)| {
        let mut complaint = if block.rules.run {
            check_run(page, block, step, shell)?
        } else {
            check_not_run(step, shell)?
        };
        complaint.text = format!("{file}:{}\n$ {}\n{}", step.line, step.command, complaint.text);
        Some(complaint)
    });
    complaints.collect()
}

fn check_run(page: &Page, block: &Block, step: &Step, shell: &Shell) -> Option<Complaint> {
    let (exit, got) = shell.run(&[], &step.command);
    if exit != block.rules.exit {
        return Some(wrong_exit(exit, &format!("expected {}", block.rules.exit), &got));
    }
    let expected = page.expected(step);
    Some(Complaint {
        text: difference(expected, &got, block.rules.figures)?,
        output: Some((step.output.clone(), as_shown(expected, &got))),
    })
}

fn wrong_exit(exit: i32, expected: &str, lines: &[String]) -> Complaint {
    Complaint {
        text: format!("exit code {exit}, {expected}\n+ {}\n", lines.join("\n+ ")),
        output: None,
    }
}

/// Exit code of a run whose data are not there.
const WITHOUT_DATA: i32 = 3;

/// What can be said of a command without its data: that a run would start, or lacks its data only (`--dry-run=quick` reads the
/// pipeline, every parameter and every `--set`, and ends with 3 where these are right and data are not there), that other verbs and options of ours exist, that the rest is a shell's language.
fn check_not_run(step: &Step, shell: &Shell) -> Option<Complaint> {
    let command = &step.command;
    let (exit, lines) = match command.strip_prefix("ecgfm ") {
        Some(rest) if rest.starts_with("run ") => shell.run(&[], &format!("{command} --dry-run=quick")),
        Some(_) => shell.run(&[], &format!("{command} --help")),
        None => shell.run(&["-n"], command),
    };
    let is_run = command.starts_with("ecgfm run ");
    let fine = exit == 0 || (is_run && exit == WITHOUT_DATA);
    (!fine).then(|| wrong_exit(exit, "without its data", &lines))
}

#[cfg(test)]
mod tests {
    use super::{Complaint, Shell, check};
    use crate::page::Page;
    use std::path::Path;

    fn complaints(text: &str) -> Vec<Complaint> {
        let shell = Shell::new(Path::new(env!("CARGO_BIN_EXE_ecgfm")));
        check(&Page::parse(text).unwrap(), "page.md", &shell)
    }

    fn complaint(text: &str) -> String {
        complaints(text).into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn what_is_as_the_page_says_brings_no_complaint() {
        assert_eq!(complaint("```console\n$ echo a | cat\na\n$ pwd\nDIR\n```\n"), "");
        assert_eq!(complaint("```console exit=3\n$ (exit 3)\n```\n"), "");
        assert_eq!(complaint("```console\n$ echo e >&2; echo o\ne\no\n```\n"), "");
    }

    #[test]
    fn a_wrong_number_is_shown_with_its_place_and_command() {
        let said = complaint("Prose.\n```console\n$ echo kept 600\nkept 599\n```\n");
        assert_eq!(said, "page.md:3\n$ echo kept 600\n- kept 599\n+ kept 600\n");
    }

    #[test]
    fn a_missing_line_is_shown() {
        let said = complaint("```console\n$ printf 'a\\nb\\n'\na\n```\n");
        assert!(said.contains("+ b"), "{said}");
    }

    #[test]
    fn a_command_that_fails_is_shown_even_in_a_pipe_and_so_is_one_that_should_have_failed() {
        let said = complaint("```console\n$ false | cat\n```\n");
        assert!(said.contains("exit code 1, expected 0"), "{said}");
        let said = complaint("```console exit=3\n$ true\n```\n");
        assert!(said.contains("exit code 0, expected 3"), "{said}");
    }

    #[test]
    fn commands_share_one_directory_and_an_update_has_their_outputs() {
        let text = "```console\n$ echo x > file\n$ cat file\nold\n```\n";
        let outputs: Vec<_> = complaints(text).into_iter().filter_map(|c| c.output).collect();
        let new = Page::parse(text).unwrap().with_outputs(&outputs).unwrap();
        assert_eq!(new, text.replace("old", "x"));
        assert_eq!(complaint(&new), "");
    }

    #[test]
    fn of_a_command_without_data_its_arguments_are_checked() {
        let not_run = |command: &str| complaint(&format!("```console not-run\n$ {command}\n```\n"));
        assert_eq!(
            not_run("ecgfm run code15 --profile full --set vars.raw=/data"),
            ""
        );
        assert_eq!(not_run("ecgfm verify runs/code15/full"), "");
        assert_eq!(not_run("curl -O http://example.org/x && false"), "");
        assert!(not_run("ecgfm run code15 --profile fool").contains("exit code 2"));
        assert!(not_run("ecgfm run code15 --set vars.row=/data").contains("exit code 2"));
        assert!(not_run("ecgfm verifi runs").contains("exit code 2"));
        assert!(not_run("for x in").contains("exit code 2"));
    }
}
