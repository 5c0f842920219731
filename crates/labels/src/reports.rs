//! Labels from free text, by rules.

mod pattern;
mod polarity;
mod reader;
mod words;

pub(crate) use reader::ReportReader;
