//! One ECG a CSV file: a column a lead, a row a sample.
//!
//! | of the file | is taken |
//! |---|---|
//! | first row | names of the leads, with a unit in brackets where there is one (`II (mV)`); where it holds numbers, the order of the leads has to be stated |
//! | column `time`, `t`, `seconds`, `ms` | evenly spaced moments, from which the sample rate follows; a stated rate is held against it |
//! | separator | a tab, else `;`, else `,`, by the first row |
//! | decimal comma | only where the separator is `;` |
//! | missing value | as in the project's tables ([`ecgfm_formats::cell`]): empty, `NA`, `NaN`, `null`: NaN |
//!
//! Rate and unit are in the file, or stated ([`CsvDescription`]), or there is an error.

mod cells;
mod description;
mod ecg;
mod header;
mod recordings;
mod rows;
mod time;

pub use description::CsvDescription;
pub use ecg::CsvEcg;
pub(crate) use recordings::{open, recognizes};
