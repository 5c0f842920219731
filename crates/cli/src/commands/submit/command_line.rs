//! Command lines of a step's tasks, and how they are quoted.

use super::plan::StepWork;
use crate::args::PipelineArgs;

/// Arguments after `ecgfm VERB` that name the pipeline and its settings, as they were given.
pub fn target_arguments(target: &PipelineArgs) -> Vec<String> {
    let mut arguments: Vec<String> = target.pipeline.iter().cloned().collect();
    for (option, value) in target
        .profile
        .iter()
        .map(|profile| ("--profile", profile))
        .chain(target.set.iter().map(|set| ("--set", set)))
    {
        // One word: a value may begin with a dash.
        arguments.push(format!("{option}={value}"));
    }
    arguments.push(format!("--workdir={}", target.workdir.display()));
    arguments
}

/// Arguments beyond those, of every task of a step; `shard` is the share, of an array.
pub fn step_arguments(work: &StepWork, shard: &str) -> Vec<String> {
    match work {
        StepWork::Stages(names) => names.iter().map(|name| format!("--only={name}")).collect(),
        StepWork::Shares(stage) => vec![format!("--only={stage}"), format!("--shard={shard}")],
        StepWork::Rest => Vec::new(),
    }
}

/// A word as a shell takes it for one.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Words as a shell takes them.
pub fn shell_words<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| shell_word(word)).collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_gets_the_words_that_were_meant() {
        let words = [
            "plain",
            "a b",
            "it's",
            "",
            "$HOME `x` \"y\" \\",
            "{a}",
            "*",
            "splits.fractions=[0,0,1]",
            "~",
        ];
        let line = shell_words(&words.map(str::to_owned));
        let script = format!("printf '%s\\n' {line}");
        let output = std::process::Command::new("bash").args(["-c", &script]).output();
        let said = String::from_utf8(output.unwrap().stdout).unwrap();
        assert_eq!(said.lines().collect::<Vec<_>>(), words);
    }
}
