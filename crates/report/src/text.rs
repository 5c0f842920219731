//! Numbers and names as a reader meets them.

use ecgfm_artifacts::evaluation::Estimate;

/// Three decimals.
pub(crate) fn number_text(v: f64) -> String {
    format!("{v:.3}")
}

/// A count with its thousands apart: `381 858`, with a narrow no-break space.
pub(crate) fn count_text(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len());
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// `0.912 (0.880 to 0.940)`, `0.912`, or `undefined (no positives)`: for sentences.
pub(crate) fn estimate_text(estimate: Option<&Estimate>) -> String {
    let Some(estimate) = estimate else {
        return "not computed".to_owned();
    };
    match (estimate.value, estimate.lo, estimate.hi) {
        (Some(v), Some(lo), Some(hi)) => {
            format!("{} ({} to {})", number_text(v), number_text(lo), number_text(hi))
        }
        (Some(v), ..) => number_text(v),
        (None, ..) => format!(
            "undefined ({})",
            estimate.reason.as_deref().unwrap_or("no reason given")
        ),
    }
}

/// A part of a file name: letters, digits, `-` and `_`; anything else becomes `-`.
pub(crate) fn slug(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// Text inside XML, also between quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML at all.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(count_text(14), "14");
        assert_eq!(count_text(381_858), "381\u{202f}858");
        assert_eq!(count_text(1_000_000), "1\u{202f}000\u{202f}000");
    }

    #[test]
    fn an_estimate_reads_with_its_interval_or_with_why_there_is_none() {
        let of = |value, lo, hi, reason: Option<&str>| Estimate {
            value,
            lo,
            hi,
            reason: reason.map(str::to_owned),
        };
        assert_eq!(
            estimate_text(Some(&of(Some(0.9), Some(0.8), Some(0.95), None))),
            "0.900 (0.800 to 0.950)"
        );
        assert_eq!(estimate_text(Some(&of(Some(0.9), None, None, None))), "0.900");
        assert_eq!(
            estimate_text(Some(&of(None, None, None, Some("no positives")))),
            "undefined (no positives)"
        );
    }

    #[test]
    fn names_from_outside_can_neither_leave_the_folder_nor_the_markup() {
        assert_eq!(slug("../CLBBB|LBBB"), "---CLBBB-LBBB");
        assert_eq!(
            escape("<b a='1'>&\"\u{0}"),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot;\u{fffd}"
        );
    }
}
