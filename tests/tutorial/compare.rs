//! Whether a command printed what the page says.
//!
//! Lines are compared token by token, so that the width of a column does not matter. A line `...` stands for any lines,
//! once an output. A token must be the same, but for
//!
//! * decimal numbers in a block that says `figures=…`: they come from the model. Another processor adds up in another
//!   order, which moves a logit by some millionths and a printed figure by its last digit. Whole numbers are never let
//!   off: the counts change only if a segment stands on the threshold, which should be seen;
//! * how long something took: a number with one decimal before `s`;
//! * SHA-256 and BLAKE3 sums: 64 hexadecimal digits;
//! * the size of the report's page, `page bytes`, which follows the digits printed on it.

/// The line that stands for any lines.
const ANY: &str = "...";

/// What is compared of a line.
#[derive(Debug, Clone, PartialEq)]
enum Token<'a> {
    Text(&'a str),
    Masked(&'static str),
}

/// None if `got` is what the page says, else a diff for people.
pub(crate) fn difference(expected: &[String], got: &[String], figures: f64) -> Option<String> {
    let (head, tail) = around_any(expected);
    let Some(tail) = tail else {
        return lines_differ(head, got, figures);
    };
    if got.len() < head.len() + tail.len() {
        return lines_differ(expected, got, figures);
    }
    let (first, rest) = got.split_at(head.len());
    let (_, last) = rest.split_at(rest.len() - tail.len());
    let found = [
        lines_differ(head, first, figures),
        lines_differ(tail, last, figures),
    ];
    let found: Vec<String> = found.into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join(&format!("  {ANY}\n")))
}

/// `got` as the page should show it: with `...` where the page had it.
pub(crate) fn as_shown(expected: &[String], got: &[String]) -> Vec<String> {
    let (head, tail) = around_any(expected);
    match tail {
        Some(tail) if got.len() >= head.len() + tail.len() => {
            let any = ANY.to_owned();
            let last = &got[got.len() - tail.len()..];
            [&got[..head.len()], &[any], last].concat()
        }
        _ => got.to_vec(),
    }
}

/// The lines before `...`, and those after it if it is there. A second `...` is an ordinary line, which nothing prints.
fn around_any(expected: &[String]) -> (&[String], Option<&[String]>) {
    match expected.iter().position(|line| line == ANY) {
        Some(at) => (&expected[..at], Some(&expected[at + 1..])),
        None => (expected, None),
    }
}

/// The lines that differ, with those around them that are equal left out.
fn lines_differ(expected: &[String], got: &[String], figures: f64) -> Option<String> {
    let equal = |(a, b): &(&String, &String)| same(a, b, figures);
    let head = expected.iter().zip(got).take_while(equal).count();
    let (expected, got) = (&expected[head..], &got[head..]);
    if expected.is_empty() && got.is_empty() {
        return None;
    }
    let tail = expected
        .iter()
        .rev()
        .zip(got.iter().rev())
        .take_while(equal)
        .count();
    let marked = |mark: &str, lines: &[String]| -> String {
        let lines = lines[..lines.len() - tail].iter();
        lines.map(|line| format!("{mark} {line}\n")).collect()
    };
    let skipped = |n: usize, place: &str| match n {
        0 => String::new(),
        n => format!("  ({n} lines {place} are as expected)\n"),
    };
    Some(
        [
            skipped(head, "before"),
            marked("-", expected),
            marked("+", got),
            skipped(tail, "after"),
        ]
        .concat(),
    )
}

/// Whether two lines say the same.
fn same(expected: &str, got: &str, figures: f64) -> bool {
    let (expected, got) = (tokens(expected), tokens(got));
    expected.len() == got.len() && expected.iter().zip(&got).all(|(a, b)| token_same(a, b, figures))
}

fn token_same(expected: &Token<'_>, got: &Token<'_>, figures: f64) -> bool {
    if expected == got {
        return true;
    }
    let (Token::Text(a), Token::Text(b)) = (expected, got) else {
        return false;
    };
    match (number(a), number(b)) {
        // Room for the rounding of decimal fractions: 0.11 − 0.10 is a little more than 0.01.
        (Some(x), Some(y)) if decimal(a) || decimal(b) => figures > 0.0 && (x - y).abs() <= figures + 1e-9,
        _ => false,
    }
}

/// A line's words and separators, with what may differ masked.
fn tokens(line: &str) -> Vec<Token<'_>> {
    let words = line.split_whitespace().flat_map(pieces).collect::<Vec<&str>>();
    let masked = words.iter().enumerate().map(|(i, word)| {
        let before = |n: usize| i.checked_sub(n).map_or("", |i| words[i]);
        let after = words.get(i + 1).copied().unwrap_or("");
        if after == "s" && one_decimal(word) {
            Token::Masked("duration")
        } else if word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()) {
            Token::Masked("hash")
        } else if before(2) == "page" && before(1) == "bytes" && number(word).is_some() {
            Token::Masked("page size")
        } else {
            Token::Text(word)
        }
    });
    masked.collect()
}

/// A word cut at its separators, which are pieces too: empty cells count.
fn pieces(word: &str) -> Vec<&str> {
    let separator = |c: char| ",;:()[]{}\"'=%|/<>".contains(c);
    let mut pieces = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.find(separator) {
        let (before, from) = rest.split_at(at);
        let (mark, after) = from.split_at(1);
        if !before.is_empty() {
            pieces.push(before);
        }
        pieces.push(mark);
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// A number as figures are printed; "inf" and "nan" are words.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let starts = digits.starts_with(|c: char| c.is_ascii_digit());
    starts.then(|| text.parse().ok()).flatten()
}

fn decimal(text: &str) -> bool {
    text.contains(['.', 'e'])
}

fn one_decimal(text: &str) -> bool {
    number(text).is_some() && text.split_once('.').is_some_and(|(_, after)| after.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::{as_shown, difference};

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn accepts(expected: &str, got: &str, figures: f64) -> bool {
        difference(&lines(expected), &lines(got), figures).is_none()
    }

    #[test]
    fn a_wrong_figure_is_found_and_the_last_digit_is_let_off_only_where_the_block_says_so() {
        assert!(accepts("AF 0.981,0.5", "AF   0.982,0.5", 0.01));
        assert!(!accepts("AF 0.981", "AF 0.982", 0.0));
        assert!(!accepts("AF 0.981", "AF 0.961", 0.01));
        assert!(!accepts("AF 0.981", "AF -0.981", 0.01));
        assert!(accepts("x 1.0e-5", "x 1.1e-5", 0.01));
    }

    #[test]
    fn a_wrong_whole_number_is_found_whatever_the_block_says() {
        assert!(!accepts("kept 600", "kept 601", 0.01));
        assert!(!accepts("code_15_3883_0", "code_15_3884_0", 0.01));
        assert!(!accepts("0,131", "0,132", 10.0));
    }

    #[test]
    fn a_missing_an_additional_and_a_moved_line_are_found() {
        assert!(!accepts("a\nb\nc", "a\nc", 0.0));
        assert!(!accepts("a\nc", "a\nb\nc", 0.0));
        assert!(!accepts("a\nb", "b\na", 0.0));
        assert!(!accepts("", "a", 0.0));
        assert!(!accepts("a", "", 0.0));
    }

    #[test]
    fn an_empty_cell_is_no_number_and_words_must_be_the_same() {
        assert!(!accepts("AF,,1", "AF,1", 0.01));
        assert!(!accepts("AF,0.0,1", "AF,,1", 0.01));
        assert!(!accepts("precision –", "precision 0.0", 0.01));
        assert!(!accepts("recall nan", "recall 0.5", 10.0));
    }

    #[test]
    fn durations_sums_and_the_size_of_the_page_are_masked_and_nothing_beside_them() {
        assert!(accepts("done in 0.3 s (kept 6)", "done in 12.9 s (kept 6)", 0.0));
        assert!(!accepts("done in 0.3 s (kept 6)", "done in 0.3 s (kept 7)", 0.0));
        assert!(!accepts("cut at 5 s", "cut at 6 s", 0.0));
        assert!(!accepts("3.1325 s long", "3.2325 s long", 0.0));
        let (a, b) = ("0a".repeat(32), "1b".repeat(32));
        assert!(accepts(&format!("sha256: {a}"), &format!("sha256: {b}"), 0.0));
        assert!(!accepts(&a[..40], &b[..40], 0.0));
        assert!(accepts(
            "(figures 15, page bytes 7)",
            "(figures 15, page bytes 8)",
            0.0
        ));
        assert!(!accepts("bytes: 7", "bytes: 8", 0.0));
    }

    #[test]
    fn three_dots_stand_for_any_lines_and_what_is_around_them_must_be_there() {
        assert!(accepts("a\n...\nz", "a\nb\nc\nz", 0.0));
        assert!(accepts("a\n...\nz", "a\nz", 0.0));
        assert!(!accepts("a\n...\nz", "a\nb\ny", 0.0));
        assert!(!accepts("a\n...\na", "a", 0.0));
        assert!(!accepts("a\n...\nm\n...\nz", "a\nb\nm\nc\nz", 0.0));
    }

    #[test]
    fn an_update_keeps_the_dots_where_they_were() {
        let shown = as_shown(&lines("a\n...\nz"), &lines("1\n2\n3\n4"));
        assert_eq!(shown, ["1", "...", "4"]);
        assert_eq!(as_shown(&lines("a\nb"), &lines("1\n2\n3")), ["1", "2", "3"]);
        assert_eq!(as_shown(&lines("a\n...\nz"), &lines("1")), ["1"]);
    }

    #[test]
    fn the_diff_shows_what_was_expected_and_what_came() {
        let found = difference(&lines("a\nb 1\nc"), &lines("a\nb 2\nc"), 0.0).unwrap();
        let expected =
            "  (1 lines before are as expected)\n- b 1\n+ b 2\n  (1 lines after are as expected)\n";
        assert_eq!(found, expected);
    }
}
