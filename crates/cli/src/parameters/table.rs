//! Parameters as lines for people.

use super::Parameter;
use std::fmt::Write;

/// Columns of the whole text.
const WIDTH: usize = 100;

/// Name, kind and default on one line, the meaning and the choices below it.
pub fn parameter_table(parameters: &[Parameter]) -> String {
    let mut text = String::new();
    write_parameters(&mut text, parameters, 2);
    text
}

fn write_parameters(text: &mut String, parameters: &[Parameter], indent: usize) {
    let width = parameters
        .iter()
        .map(|p| p.name.chars().count())
        .max()
        .unwrap_or(0);
    for parameter in parameters {
        let left = indent + width + 2;
        let _ = writeln!(
            text,
            "{:indent$}{:width$}  {}",
            "",
            parameter.name,
            wrap_text(&kind_and_default(parameter), left)
        );
        let _ = writeln!(text, "{:left$}{}", "", wrap_text(&parameter.meaning, left));
        let words = parameter.choices.iter().map(|(word, _)| word.chars().count());
        let words = words.max().unwrap_or(0);
        for (word, meaning) in &parameter.choices {
            let below = left + 2 + words + 2;
            let _ = writeln!(text, "{:left$}  {word:words$}  {}", "", wrap_text(meaning, below));
        }
        write_parameters(text, &parameter.inner, left + 2);
    }
}

fn kind_and_default(parameter: &Parameter) -> String {
    match &parameter.default {
        _ if parameter.required => format!("{}; required", parameter.kind),
        Some(default) => format!("{}; default {default}", parameter.kind),
        None => parameter.kind.clone(),
    }
}

/// A text broken into lines, all but the first indented.
fn wrap_text(text: &str, indent: usize) -> String {
    let room = WIDTH.saturating_sub(indent).max(30);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        let long = line.chars().count() + 1 + word.chars().count() > room;
        if long && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join(&format!("\n{:indent$}", ""))
}
