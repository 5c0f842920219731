//! The twelve leads: names, order, and what the limb leads owe each other.

/// Names in the order in which every array of this project holds the leads.
pub const NAMES: [&str; COUNT] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
];

/// Number of leads.
pub const COUNT: usize = 12;

/// Position of the lead of that name, in any case.
///
/// ```
/// assert_eq!(ecgfm_recipe::leads::position("AVL"), Some(4));
/// assert_eq!(ecgfm_recipe::leads::position("V7"), None);
/// ```
pub fn position(name: &str) -> Option<usize> {
    NAMES.iter().position(|n| n.eq_ignore_ascii_case(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_stand() {
        assert!(NAMES.iter().enumerate().all(|(i, n)| position(n) == Some(i)));
    }
}
