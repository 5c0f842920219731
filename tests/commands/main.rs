//! What the commands print that need no data: listings, schemas, versions, failures in JSON.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test that cannot go on should stop there; what is skipped is for people.

#[path = "../common/mod.rs"]
mod common;

mod dry_run;
mod failures;
mod init;
mod listings;
mod machine;
mod schema;
