//! The simulation of shares on many machines.

use crate::common::{ok, root};
use std::process::Command;

#[test]
fn the_simulation_of_many_workers_holds() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no python3");
        return;
    }
    let mut check = Command::new("python3");
    ok(check
        .arg(root().join("benches/cluster_simulation.py"))
        .arg("check"));
}
