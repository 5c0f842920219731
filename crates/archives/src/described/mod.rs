//! Archives that a description tells how to read: data in `configs/datasets`, or a file of the user's.
//!
//! | module | holds |
//! |---|---|
//! | [`description`] | [`DatasetDescription`]: what a description may say |
//! | [`archive`] | [`DescribedArchive`]: the open archive |
//! | `from_table` | exams that a table lists |
//! | `text_table` | a table of text, whose cells stay in its file |
//! | `from_tree` | exams that are the files below a directory |
//! | `exam_columns` | the columns that every table of exams gets: exam, file, patient, age, sex |
//! | `comment_columns` | columns of what the files state besides samples |
//! | `found_exam` | exams as they were found |
//! | `exam_files` | the files that they are in |
//! | `repeated` | exams that are there twice |
//! | `row_rule` | how an exam is found in files of many recordings |
//! | `row_files` | files of many recordings, and where in them each exam is |

pub mod archive;
mod comment_columns;
pub mod description;
mod exam_columns;
mod exam_files;
mod found_exam;
mod from_table;
mod from_tree;
mod repeated;
mod row_files;
mod row_rule;
mod text_table;

pub use archive::DescribedArchive;
pub use description::{BUILT_IN, DatasetDescription};
pub use from_tree::recording_candidates;
