//! Sets of labels as text: names joined by `, `, in order; nothing is the empty text.

/// Names of the labels that hold in each of `rows` rows; one column of decisions a name.
pub(crate) fn joined(names: &[&str], columns: &[Vec<bool>], rows: usize) -> Vec<String> {
    let mut out = vec![String::new(); rows];
    for (name, column) in names.iter().zip(columns) {
        for (text, _) in out.iter_mut().zip(column).filter(|(_, holds)| **holds) {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_in_order_and_none_is_empty() {
        let columns = [vec![true, false, true], vec![true, false, false]];
        assert_eq!(joined(&["SB", "AF"], &columns, 3), ["SB, AF", "", "SB"]);
    }
}
