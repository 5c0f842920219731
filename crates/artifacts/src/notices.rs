//! Notices to every reader of results, as one text: that the ECGs are synthetic, that the model is a demonstration.
//!
//! The maker of the data or the model writes it into `segments.store.json` and in the model's card; from there it goes with
//! whatever is made of them. A notice begins with its head, in capitals, and a colon.

/// Joins several notices into one text: their heads, then what was `given` besides, then what the notices say in full. What comes
/// first is shown where there is room for no more. None where there is nothing to say.
///
/// ```
/// use ecgfm_artifacts::notices::join;
/// let said = ["SYNTHETIC: a program made them.".to_owned(), "DEMO MODEL: it is small.".to_owned()];
/// assert_eq!(
///     join(&said, "Study X.").unwrap(),
///     "SYNTHETIC, DEMO MODEL. Study X. A program made them. It is small."
/// );
/// assert_eq!(join(&[], " "), None);
/// ```
pub fn join(notices: &[String], given: &str) -> Option<String> {
    let mut heads: Vec<&str> = Vec::new();
    let mut bodies: Vec<String> = Vec::new();
    for notice in notices {
        let (head, body) = match notice.split_once(": ") {
            Some((head, body)) if head.chars().all(|c| !c.is_lowercase()) => (Some(head), body),
            _ => (None, notice.as_str()),
        };
        heads.extend(head.filter(|head| !heads.contains(head)));
        let body = capitalize(body.trim());
        if !bodies.contains(&body) {
            bodies.push(body);
        }
    }
    let heads = Some(heads.join(", ")).filter(|heads| !heads.is_empty());
    let parts = heads
        .map(|heads| heads + ".")
        .into_iter()
        .chain([given.trim().to_owned()]);
    let parts: Vec<String> = parts.chain(bodies).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next();
    first.map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
