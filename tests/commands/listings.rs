//! What there is, told without a checkout.

use crate::common::{ecgfm, ok, root};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

/// The program in a directory where nothing of the checkout is.
fn elsewhere(dir: &tempfile::TempDir) -> Command {
    let mut command = ecgfm();
    command.current_dir(dir.path());
    command
}

#[test]
fn a_command_without_its_pipeline_lists_pipelines_with_their_profiles() {
    let dir = tempfile::tempdir().unwrap();
    for verb in ["run", "status", "graph"] {
        let output = elsewhere(&dir).arg(verb).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "nothing was done");
        let listed = String::from_utf8(output.stdout).unwrap();
        for word in [
            "code15  (built in)",
            "--profile sample",
            "--profile full",
            "vars.raw",
        ] {
            assert!(listed.contains(word), "{word}: {listed}");
        }
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with("error: no pipeline is named\nhelp: "), "{told}");
        let output = elsewhere(&dir).args([verb, "--json"]).output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["pipelines"][0]["profiles"][1]["name"], "full", "{said}");
        assert_eq!(said["error"]["exit_code"], 2);
    }
}

#[test]
fn pipelines_of_ones_own_are_listed_beside_those_built_in() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("pipelines")).unwrap();
    let mine = "name: mine\ndescription: My ECGs\nstages: { synth: { uses: synth } }\n";
    for (name, text) in [
        ("mine.yaml", mine),
        ("broken.yaml", "name: [\n"),
        ("notes.txt", "x"),
    ] {
        std::fs::write(dir.path().join("pipelines").join(name), text).unwrap();
    }
    let output = elsewhere(&dir).arg("run").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(
        listed.contains("mine  (pipelines/mine.yaml)\n  My ECGs\n"),
        "{listed}"
    );
    assert!(
        listed.contains("broken  (pipelines/broken.yaml)\n  cannot be read: "),
        "{listed}"
    );
    assert!(
        listed.contains("code15  (built in)") && !listed.contains("notes"),
        "{listed}"
    );
}

#[test]
fn what_is_built_in_is_printed_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let listed: Value = serde_json::from_str(&ok(elsewhere(&dir).args(["show", "--json"]))).unwrap();
    let listed = listed.as_array().unwrap();
    let text = ok(elsewhere(&dir).arg("show"));
    for file in listed {
        let (kind, name) = (file["kind"].as_str().unwrap(), file["name"].as_str().unwrap());
        let folder = match kind {
            "pipeline" => "pipelines",
            "labels" => "configs/labels",
            "mapping" => "configs/mappings",
            "score" => "configs/scores",
            "rules" => "configs/text_rules",
            "dataset" => "configs/datasets",
            "model" => "configs/models",
            other => panic!("{other}"),
        };
        let path = root().join(folder).join(format!("{name}.yaml"));
        assert_eq!(
            ok(elsewhere(&dir).args(["show", kind, name])),
            std::fs::read_to_string(path).unwrap()
        );
        assert!(text.contains(name), "{text}");
    }
    let built_in = |folder: &str| std::fs::read_dir(root().join(folder)).unwrap().count();
    let folders = [
        "pipelines",
        "configs/labels",
        "configs/mappings",
        "configs/scores",
        "configs/text_rules",
        "configs/datasets",
        "configs/models",
    ];
    assert_eq!(
        listed.len(),
        // configs/datasets/code15.yaml says where CODE-15 is fetched from; its layout is in the code.
        folders.map(built_in).iter().sum::<usize>() - 1,
        "every file of the checkout is built in"
    );
}

#[test]
fn of_two_files_of_one_name_the_other_is_named() {
    let output = ecgfm().args(["show", "code15"]).output().unwrap();
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("\nname: code15\n")
    );
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("ecgfm show labels code15"), "{told}");
    let output = ecgfm().args(["show", "labels", "code15"]).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\nlabels:\n"));
    assert!(output.stderr.is_empty());
}

#[test]
fn the_version_names_the_commit_and_the_libraries_and_loads_none() {
    let told = ok(ecgfm().arg("--version"));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], format!("ecgfm {}", env!("CARGO_PKG_VERSION")));
    let commit = lines[1].strip_prefix("commit ").unwrap();
    assert!(
        commit == "unknown" || (commit.len() == 12 && commit.chars().all(|c| c.is_ascii_hexdigit())),
        "{told}"
    );
    let digits = |line: &str, name: &str| {
        line.strip_prefix(name)
            .is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()))
    };
    assert!(
        digits(lines[2], "libtorch ") && digits(lines[3], "HDF5 "),
        "{told}"
    );
    let quickest = (0..20).map(|_| {
        let began = Instant::now();
        ok(ecgfm().arg("--version"));
        began.elapsed()
    });
    // libtorch alone takes several times as long to load.
    assert!(quickest.min().unwrap() < Duration::from_millis(50));
}

/// Every parameter of a stage that a command of its own takes, with the words and bounds that its schema states.
#[test]
fn help_names_what_every_parameter_may_be() {
    for (command, kind) in [("synth", "synth"), ("predict", "infer"), ("predict", "predict")] {
        let told: Value = serde_json::from_str(&ok(ecgfm().args(["kinds", kind, "--json"]))).unwrap();
        let help = ok(ecgfm().args([command, "--help"])).replace(',', "");
        let mut compared = 0;
        for (name, schema) in told[0]["parameters"]["properties"].as_object().unwrap() {
            let option = format!("--{} ", name.replace('_', "-"));
            let Some(at) = help.find(&option) else { continue };
            let text = help[at..].split("\n  -").next().unwrap().to_owned() + "\n";
            let text = text.split("\n      --").next().unwrap();
            for word in words(schema) {
                assert!(
                    text.contains(&word),
                    "{command} {option}does not name {word}: {text}"
                );
                compared += 1;
            }
        }
        assert!(compared > 0, "{command}: {help}");
    }
}

/// Words and bounds of a schema, and keys of mappings.
fn words(schema: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        for key in ["const", "minimum", "maximum"] {
            let word = &schema[key];
            let endless = key == "minimum" && schema["maximum"].is_null() && word == 0;
            if !word.is_null() && !endless {
                all.push(word.as_str().map_or_else(|| word.to_string(), str::to_owned));
            }
        }
        let keys = schema["properties"].as_object().into_iter().flatten();
        all.extend(keys.map(|(key, _)| key.clone()));
        open.extend(
            ["oneOf", "anyOf"]
                .iter()
                .filter_map(|key| schema[*key].as_array())
                .flatten(),
        );
    }
    all
}
