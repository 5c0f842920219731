//! Addresses and numbers, as text.

use form_urlencoded::Serializer;

/// ECGs on a page of the list.
pub(super) const PAGE: usize = 50;

/// Query of an address, as it came.
pub(super) type Query = [(String, String)];

/// The query of a list without its page, as text for an address; `further` are put at its end.
pub(super) fn query_text(query: &Query, further: &[(&str, &str)]) -> String {
    let mut text = Serializer::new(String::new());
    let kept = query
        .iter()
        .filter(|(name, value)| name != "page" && !value.is_empty());
    text.extend_pairs(kept);
    text.extend_pairs(further);
    text.finish()
}

/// A path with a query, where there is one.
pub(super) fn with_query(path: &str, query: &str) -> String {
    match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// Path of an ECG's page, in the list of a query.
pub(super) fn ecg_path(base: &str, row: usize, query: &Query) -> String {
    with_query(&format!("{base}ecg/{row}"), &query_text(query, &[]))
}

/// A count with its thousands apart.
pub(super) fn count_text(count: usize) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

/// A probability.
pub(super) fn probability_text(probability: Option<f32>) -> String {
    probability.map_or_else(String::new, |p| format!("{p:.3}"))
}

/// Yes, no, or nothing where it is not known.
pub(super) fn yes_no(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

/// A word of a table as words: `all_zero` as `all zero`.
pub(super) fn words(text: &str) -> String {
    text.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_query_but_for_the_page() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let query = [
            pair("label", "CRBBB|RBBB & x"),
            pair("page", "3"),
            pair("split", ""),
        ];
        assert_eq!(ecg_path("/t/", 7, &query), "/t/ecg/7?label=CRBBB%7CRBBB+%26+x");
        assert_eq!(query_text(&query[1..], &[("page", "2")]), "page=2");
        assert_eq!(ecg_path("/t/", 7, &[]), "/t/ecg/7");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 345_779].map(count_text),
            ["0", "999", "1,000", "345,779"]
        );
    }
}
