//! What the commands print that need no data: listings, schemas, versions, failures in JSON.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;

mod failures;
mod listings;
mod schema;
