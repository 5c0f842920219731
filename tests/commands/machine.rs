//! What the machine has, and what shells and `man` are told.

use crate::common::{ecgfm, ok};
use serde_json::Value;

#[test]
fn doctor_says_what_is_there_and_what_it_means() {
    let dir = tempfile::tempdir().unwrap();
    let said = ok(ecgfm()
        .args(["doctor", "--json", "--workdir"])
        .arg(dir.path().join("runs")));
    let said: Value = serde_json::from_str(&said).unwrap();
    let said = &said["findings"];
    let names: Vec<&str> = said
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "program",
            "libtorch",
            "processor",
            "memory",
            "CUDA",
            "disk",
            "locks",
            "open files"
        ]
    );
    for one in said.as_array().unwrap() {
        assert_ne!(one["state"], "fault", "{one}");
        assert!(
            !one["found"].as_str().unwrap().is_empty() && !one["means"].as_str().unwrap().is_empty(),
            "{one}"
        );
    }
    let text = ok(ecgfm().args(["doctor", "--workdir"]).arg(dir.path()));
    assert!(
        text.contains("libtorch: 2.") && text.contains("models can be exported and run"),
        "{text}"
    );
    assert!(
        text.contains(&format!("free in {}", dir.path().display())),
        "{text}"
    );
    assert!(
        std::fs::read_dir(dir.path()).unwrap().next().is_none(),
        "nothing is left behind"
    );
}

#[test]
fn without_libtorch_the_machine_is_not_ready_and_the_reason_is_said() {
    let dir = tempfile::tempdir().unwrap();
    // A copy without the other half beside it, which is told to be nowhere else.
    let alone = dir.path().join("ecgfm");
    std::fs::copy(env!("CARGO_BIN_EXE_ecgfm"), &alone).unwrap();
    let broken = dir.path().join("ecgfm-torch");
    std::fs::write(
        &broken,
        "#!/bin/sh\necho libtorch_cpu.so: cannot open shared object file >&2\nexit 127\n",
    )
    .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&broken, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = std::process::Command::new(&alone)
        .args(["doctor", "--workdir"])
        .arg(dir.path())
        .output()
        .unwrap();
    let (said, told) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(1), "{said}{told}");
    assert!(
        said.contains("FAULT  libtorch") && said.contains("libtorch_cpu.so: cannot open"),
        "{said}"
    );
    assert!(
        told.starts_with("error: this machine is not ready: libtorch"),
        "{told}"
    );
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let bash = ok(ecgfm().args(["completions", "bash"]));
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man1");
    ok(ecgfm().arg("man").arg(&pages));
    let help = ok(ecgfm().arg("--help"));
    let (_, commands) = help.split_once("Commands:").unwrap();
    let commands: Vec<&str> = (commands
        .lines()
        .skip(1)
        .take_while(|line| !line.trim().is_empty()))
    .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
    .filter_map(|line| line.split_whitespace().next())
    .collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(bash.contains(&format!("ecgfm,{command})")), "{command}");
        assert!(pages.join(format!("ecgfm-{command}.1")).exists(), "{command}");
    }
    for shell in ["zsh", "fish"] {
        assert!(
            ok(ecgfm().args(["completions", shell])).contains("sensitivity"),
            "{shell}"
        );
    }
}
