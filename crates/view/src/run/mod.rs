//! A run in memory: what ECGs are filtered and sorted by, in columns; everything else stays in its files.

mod categories;
mod filter;
mod index;
mod load;
mod places;
mod rows;
mod select;

#[cfg(test)]
pub(crate) use categories::Categories;
pub(crate) use filter::{EXAMS, Filter, GROUP, Sort, TRUTHS, VerdictChoice, YES_NO};
pub(crate) use index::{LabelColumn, RunIndex};
pub(crate) use load::load_index;
pub use places::{EcgPlace, KeptPlace, RunPlaces};
pub(crate) use rows::{RunTables, ShownTable};
pub(crate) use select::{margin, select};
