//! "Did you mean …?": the nearest known name to a misspelt one.

/// The candidate nearest to `wrong`, when it is near enough to be what was meant.
pub(crate) fn nearest_name<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Long names come from files; the distance is quadratic in the length.
    if wrong.len() > 100 {
        return None;
    }
    let simple = |s: &str| s.to_lowercase().replace('-', "_");
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|c| c.len() <= 100)
        .map(|c| (strsim::damerau_levenshtein(&simple(wrong), &simple(c)), c))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// `did you mean `x`?`, else `known <things>: a, b, c`, else `there are no <things>`.
pub(crate) fn suggest_name<'a>(
    wrong: &str,
    things: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest_name(wrong, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => format!("there are no {things} here"),
        None => format!("known {things}: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest_name("storee", ["raw", "store"]), Some("store"));
        assert_eq!(nearest_name("sample-rate", ["sample_rate"]), Some("sample_rate"));
        assert_eq!(nearest_name("banana", ["raw", "store"]), None);
        assert_eq!(suggest_name("x1", "variables", []), "there are no variables here");
    }
}
