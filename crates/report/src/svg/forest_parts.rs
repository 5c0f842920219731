//! Forest plots of more rows than fit a sheet, in parts.

use super::forest::{forest_height, group_height, rows_that_fit};
use super::forest_rows::{ForestGroup, ForestRow};

/// Groups in columns of about the same height, none higher than `room`; what is higher by itself goes on in the next.
pub(crate) fn divide_groups(groups: Vec<ForestGroup>, columns: usize, room: f64) -> Vec<Vec<ForestGroup>> {
    let around = forest_height(&[]);
    let groups = groups
        .into_iter()
        .flat_map(|group| split_group(group, room - around));
    let groups: Vec<ForestGroup> = groups.collect();
    let total: f64 = groups.iter().map(group_height).sum();
    let sheets = (total / (columns as f64 * (room - around))).ceil().max(1.0);
    let aim = total / (columns as f64 * sheets);
    let mut parts: Vec<Vec<ForestGroup>> = vec![Vec::new()];
    let mut height = 0.0;
    for group in groups {
        let more = group_height(&group);
        // Half of a group may stand out, so that no part is left with the last group alone.
        let full = height + more / 2.0 > aim || height + more > room - around;
        if full && height > 0.0 {
            parts.push(Vec::new());
            height = 0.0;
        }
        height += more;
        if let Some(part) = parts.last_mut() {
            part.push(group);
        }
    }
    parts
}

/// A group in pieces that are no higher than `room`, each under the heading.
fn split_group(group: ForestGroup, room: f64) -> Vec<ForestGroup> {
    if group_height(&group) <= room {
        return vec![group];
    }
    let pieces = group.rows.len().div_ceil(rows_that_fit(&group, room));
    let rows_of_piece = group.rows.len().div_ceil(pieces.max(1)).max(1);
    let pieces = group.rows.chunks(rows_of_piece).enumerate();
    let piece = |(at, rows): (usize, &[ForestRow])| ForestGroup {
        heading: match at {
            1.. if !group.heading.is_empty() => format!("{} (continued)", group.heading),
            _ => group.heading.clone(),
        },
        rows: rows.to_vec(),
    };
    pieces.map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svg::Series;
    use proptest::prelude::*;

    fn group(at: usize, rows: usize) -> ForestGroup {
        let row = |row| ForestRow {
            name: format!("{at}.{row}"),
            value: Some(0.8),
            interval: None,
            absent: "n/a",
            series: Series::Ecg,
        };
        ForestGroup {
            heading: format!("label {at}"),
            rows: (0..rows).map(row).collect(),
        }
    }

    fn names(groups: &[ForestGroup]) -> Vec<String> {
        let rows = groups.iter().flat_map(|group| &group.rows);
        rows.map(|row| row.name.clone()).collect()
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_part_in_its_order_under_its_label_and_no_part_is_higher_than_the_room(
            rows in prop::collection::vec(1_usize..60, 1..40), room in 150.0..1200.0
        ) {
            let groups: Vec<ForestGroup> = rows.iter().enumerate().map(|(at, rows)| group(at, *rows)).collect();
            let wanted = names(&groups);
            let parts = divide_groups(groups, 1, room);
            prop_assert_eq!(wanted, names(&parts.concat()));
            for part in &parts {
                prop_assert!(!part.is_empty() && forest_height(part) <= room, "{}", forest_height(part));
                for group in part {
                    let label = group.heading.trim_start_matches("label ").trim_end_matches(" (continued)");
                    let prefix = format!("{label}.");
                    prop_assert!(group.rows.iter().all(|row| row.name.starts_with(&prefix)));
                }
            }
        }
    }

    #[test]
    fn parts_are_about_as_high_as_each_other_and_few_groups_are_one_part() {
        let groups: Vec<ForestGroup> = (0..26).map(|at| group(at, 2)).collect();
        let parts = divide_groups(groups, 1, 900.0);
        let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
        assert_eq!(lengths, [13, 13]);
        assert_eq!(divide_groups(vec![group(0, 2), group(1, 2)], 1, 900.0).len(), 1);
    }
}
