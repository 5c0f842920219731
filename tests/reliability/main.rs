//! What docs/reliability.md promises: kills, full and failing disks, changed inputs, signals, damage, privacy.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr)] // Tests that cannot go on should stop; totals are for people.
#![allow(missing_docs, unreachable_pub)]

mod again;
#[path = "../common/mod.rs"]
mod common;
mod damage;
mod disk;
mod ground;
mod points;
mod privacy;
mod run;
mod shards;
mod signals;
mod torture;
mod trial;
