//! `ecgfm submit`: what it prints, run by the engines that it is for, leaves the bytes of a plain run.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr)] // Tests that cannot go on should stop; what is skipped is for people.
#![allow(missing_docs, unreachable_pub, dead_code)]

#[path = "../common/mod.rs"]
mod common;
mod containers;
#[path = "../reliability/ground.rs"]
mod ground;
mod plain;
mod pods;
mod printed;
mod simulation;
mod slurm;
mod slurm_daemons;
mod snakefile;
