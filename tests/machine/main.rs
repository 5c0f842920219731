//! What the program does on machines that refuse: no locks, few open files, little memory, no permission, failing disks; what
//! it advises, tried; and what it writes into a log file. Each test runs the program once to a few times, a second each.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::print_stderr)] // Tests; one that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;

mod advice;
mod limits;
mod locks;
mod output;
mod refused_calls;
mod refused_paths;
