//! Joins by key, in the order of the rows that are looked for.

use polars::prelude::*;
use polars_ops::frame::MaintainOrderJoin;

/// Column that tells rows which were found.
const FOUND: &str = "found";

/// Every row of `left`, with what `right` says of its key; nulls where it has none. A missing key finds nothing.
pub(crate) fn left_join(left: LazyFrame, right: LazyFrame, on: &[Expr]) -> LazyFrame {
    let args = JoinArgs {
        maintain_order: MaintainOrderJoin::Left,
        ..JoinArgs::new(JoinType::Left)
    };
    left.join(right, on, on, args)
}

/// Rows of `left` whose key `right` lacks.
pub(crate) fn without_counterpart(left: LazyFrame, right: LazyFrame, on: &[Expr]) -> LazyFrame {
    let right = right.select(on).with_column(lit(true).alias(FOUND));
    let found = left_join(left, right, on);
    // Polars' anti-join is no part of its small builds.
    found
        .filter(col(FOUND).is_null())
        .select([all().exclude_cols([FOUND]).as_expr()])
}

/// The last row of every key; rows without one are left out.
pub(crate) fn last_of_each(frame: LazyFrame, key: &str) -> LazyFrame {
    let keyed = frame.filter(col(key).is_not_null());
    keyed.unique_stable_generic(Some(vec![col(key)]), UniqueKeepStrategy::Last)
}
