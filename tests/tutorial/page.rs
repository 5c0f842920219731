//! docs/tutorial.md as blocks of commands and what they should print.
//!
//! A block is fenced as `console`. A line that begins with `$ ` is a command; it goes on while its lines end in `\` and
//! over lines that begin with `> `, as a terminal shows them. All other lines are what the command printed.
//! Words after `console`, which a reader does not see, say how a block is checked:
//!
//! * `figures=0.002`: decimal numbers come from the model and may differ by this much;
//! * `exit=3`: the commands must end with this code, 0 if not given;
//! * `not-run`: the commands need data that are not here; see `check`.

use std::ops::Range;

/// The page.
#[derive(Debug)]
pub(crate) struct Page {
    lines: Vec<String>,
    /// In order.
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    /// The line of the opening fence, from 1.
    pub(crate) line: usize,
    /// How it is checked.
    pub(crate) rules: Rules,
    /// Its commands.
    pub(crate) steps: Vec<Step>,
}

/// How a block is checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules {
    /// False for commands that need data which are not here.
    pub(crate) run: bool,
    /// The exit code that every command must have.
    pub(crate) exit: i32,
    /// How far a decimal number may be off; 0 outside blocks of model figures.
    pub(crate) figures: f64,
}

/// A command and its output.
#[derive(Debug, PartialEq)]
pub(crate) struct Step {
    /// The line of the command, from 1.
    pub(crate) line: usize,
    /// The command, without prompts.
    pub(crate) command: String,
    /// Where its output stands, as indices of lines.
    pub(crate) output: Range<usize>,
}

impl Page {
    /// Reads a page; an error names the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut blocks = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            let Some(info) = lines[at].strip_prefix("```") else {
                at += 1;
                continue;
            };
            let end = closing(&lines, at)?;
            if let Some(rules) = rules(info).map_err(|e| format!("line {}: {e}", at + 1))? {
                let steps = steps(&lines, at + 1..end)?;
                blocks.push(Block {
                    line: at + 1,
                    rules,
                    steps,
                });
            }
            at = end + 1;
        }
        let page = Self { lines, blocks };
        page.refuse_unchecked_output()?;
        Ok(page)
    }

    /// What a command should print.
    pub(crate) fn expected(&self, step: &Step) -> &[String] {
        &self.lines[step.output.clone()]
    }

    /// The last line of prose before a block.
    pub(crate) fn caption(&self, block: &Block) -> &str {
        let before = self.lines[..block.line - 1].iter().rev();
        before
            .map(String::as_str)
            .find(|line| !line.is_empty())
            .unwrap_or("")
    }

    /// The page with other outputs: (where, what) in ascending order.
    pub(crate) fn with_outputs(&self, outputs: &[(Range<usize>, Vec<String>)]) -> Result<String, String> {
        let mut text = String::new();
        let mut push = |lines: &[String]| {
            for line in lines {
                text.push_str(line.trim_end());
                text.push('\n');
            }
        };
        let mut at = 0;
        for (place, lines) in outputs {
            push(&self.lines[at..place.start]);
            push(lines);
            at = place.end;
        }
        push(&self.lines[at..]);
        let commands = |page: &Self| page.blocks.iter().map(|b| b.steps.len()).collect::<Vec<_>>();
        if commands(&Self::parse(&text)?) != commands(self) {
            return Err("a command prints lines that look like commands or fences".to_owned());
        }
        Ok(text)
    }

    /// Output that nobody compares would go stale.
    fn refuse_unchecked_output(&self) -> Result<(), String> {
        let unchecked = self.blocks.iter().filter(|b| !b.rules.run);
        match unchecked.flat_map(|b| &b.steps).find(|s| !s.output.is_empty()) {
            Some(step) => Err(format!(
                "line {}: a block marked not-run shows output, which nothing checks",
                step.line
            )),
            None => Ok(()),
        }
    }
}

/// The index of the line that closes the fence opened at `open`.
fn closing(lines: &[String], open: usize) -> Result<usize, String> {
    let found = lines.iter().skip(open + 1).position(|line| line == "```");
    found
        .map(|after| open + 1 + after)
        .ok_or_else(|| format!("line {}: the block is not closed", open + 1))
}

/// How a block is checked, from what stands after its fence; None if it holds no commands.
fn rules(info: &str) -> Result<Option<Rules>, String> {
    let mut words = info.split_whitespace();
    match words.next() {
        Some("console") => {}
        Some(language @ ("sh" | "bash" | "shell")) => {
            return Err(format!("commands belong in a `console` block, not `{language}`"));
        }
        _ => return Ok(None),
    }
    let mut rules = Rules {
        run: true,
        exit: 0,
        figures: 0.0,
    };
    for word in words {
        let value = |text: &str| format!("`{text}` is no number in `{word}`");
        match word.split_once('=') {
            None if word == "not-run" => rules.run = false,
            Some(("exit", code)) => rules.exit = code.parse().map_err(|_| value(code))?,
            Some(("figures", by)) => rules.figures = by.parse().map_err(|_| value(by))?,
            _ => {
                return Err(format!(
                    "`{word}`; known are not-run, exit=CODE, figures=TOLERANCE"
                ));
            }
        }
    }
    Ok(Some(rules))
}

/// The commands of a block.
fn steps(lines: &[String], block: Range<usize>) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut at = block.start;
    while at < block.end {
        let line = at + 1;
        let first = lines[at].strip_prefix("$ ");
        let mut command = first
            .ok_or_else(|| format!("line {line}: a block begins with a command, `$ …`"))?
            .to_owned();
        at += 1;
        while at < block.end {
            match lines[at].strip_prefix("> ") {
                Some(more) => command = format!("{command}\n{more}"),
                None if command.ends_with('\\') => command = format!("{command}\n{}", lines[at]),
                None => break,
            }
            at += 1;
        }
        let next = lines[at..block.end].iter().position(|l| l.starts_with("$ "));
        let end = next.map_or(block.end, |after| at + after);
        steps.push(Step {
            line,
            command,
            output: at..end,
        });
        at = end;
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::{Page, Rules};

    const TEXT: &str = "\
Prose.

```console figures=0.01
$ first \\
    more
one
...
two
$ second 'a
> b'
```
```text
$ no command
```
```console not-run
$ third
```
";

    #[test]
    fn commands_with_their_continuations_and_outputs_are_found() {
        let page = Page::parse(TEXT).unwrap();
        let commands: Vec<_> = page.blocks.iter().flat_map(|b| &b.steps).collect();
        let texts: Vec<&str> = commands.iter().map(|s| s.command.as_str()).collect();
        assert_eq!(texts, ["first \\\n    more", "second 'a\nb'", "third"]);
        assert_eq!(page.expected(commands[0]), ["one", "...", "two"]);
        assert!(page.expected(commands[1]).is_empty());
        assert_eq!(commands.iter().map(|s| s.line).collect::<Vec<_>>(), [4, 9, 16]);
        assert_eq!(page.caption(&page.blocks[0]), "Prose.");
    }

    #[test]
    fn the_words_after_the_fence_say_how_a_block_is_checked() {
        let page = Page::parse(TEXT).unwrap();
        let rules = |run, figures| Rules {
            run,
            exit: 0,
            figures,
        };
        assert_eq!(page.blocks[0].rules, rules(true, 0.01));
        assert_eq!(page.blocks[1].rules, rules(false, 0.0));
        let page = Page::parse("```console exit=3\n$ x\n```\n").unwrap();
        assert_eq!(page.blocks[0].rules.exit, 3);
    }

    #[test]
    fn what_could_not_be_checked_is_refused() {
        let refused = |text: &str| Page::parse(text).unwrap_err();
        assert!(refused("```console\n$ x\n").contains("line 1: the block is not closed"));
        assert!(refused("```console\nx\n```\n").contains("line 2"));
        assert!(refused("\n```console skip\n$ x\n```\n").contains("line 2: `skip`"));
        assert!(refused("```sh\nx\n```\n").contains("console"));
        assert!(refused("```console not-run\n$ x\ny\n```\n").contains("nothing checks"));
    }

    #[test]
    fn other_outputs_are_put_in_their_places() {
        let page = Page::parse(TEXT).unwrap();
        let steps: Vec<_> = page.blocks.iter().flat_map(|b| &b.steps).collect();
        let new = [
            (steps[0].output.clone(), vec!["new".to_owned()]),
            (steps[1].output.clone(), vec!["x  ".to_owned(), "y".to_owned()]),
        ];
        let text = page.with_outputs(&new).unwrap();
        let expected = TEXT
            .replace("one\n...\ntwo", "new")
            .replace("> b'\n", "> b'\nx\ny\n");
        assert_eq!(text, expected);
        assert_eq!(page.with_outputs(&[]).unwrap(), TEXT);
        let fence = [(steps[0].output.clone(), vec!["$ x".to_owned()])];
        assert!(page.with_outputs(&fence).is_err());
    }
}
