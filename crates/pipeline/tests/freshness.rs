//! What is fresh and what is not, and why: a run does nothing twice and everything that is needed.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;
use std::sync::atomic::Ordering;

use ecgfm_pipeline::{ErrorKind, NoProgress, RunEvent, StageSelection, verify_outputs};
use toys::Bench;

#[test]
fn the_second_run_does_nothing() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    assert_eq!(
        bench.run(&graph).unwrap().ran,
        ["signals", "labels", "splits", "manifests", "report"]
    );
    let lock = fs::read(bench.path("lock.json")).unwrap();
    let summary = bench.run(&graph).unwrap();
    assert!(summary.ran.is_empty());
    assert_eq!(summary.fresh.len(), 5);
    assert_eq!(fs::read(bench.path("lock.json")).unwrap(), lock);
    assert!(graph.status().unwrap().is_fresh());
}

#[test]
fn another_seed_runs_the_splits_and_what_follows_and_status_says_why() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let graph = bench.graph(&["vars.seed=43"]);
    insta::assert_snapshot!(bench.status(&graph));
    assert_eq!(bench.run(&graph).unwrap().ran, ["splits", "manifests", "report"]);
}

#[test]
fn an_entry_that_makes_outputs_of_its_own_is_dropped_without_a_run_and_added_with_one() {
    let bench = Bench::new();
    bench
        .run(&bench.graph(&["signals.copies.a=one", "signals.copies.b=two"]))
        .unwrap();
    let fewer = bench.graph(&["signals.copies.b=two"]);
    assert!(bench.run(&fewer).unwrap().ran.is_empty());
    assert!(fewer.status().unwrap().is_fresh());
    assert!(bench.path("signals/copy_a").exists());
    // What is asked for again is still there.
    let again = bench.graph(&["signals.copies.a=one", "signals.copies.b=two"]);
    assert!(bench.run(&again).unwrap().ran.is_empty());
    for other in [
        &["signals.copies.b=three"][..],
        &["signals.copies.b=two", "signals.copies.c=one"],
        &[],
    ] {
        assert!(!bench.graph(other).status().unwrap().is_fresh(), "{other:?}");
    }
    assert_eq!(
        bench.run(&bench.graph(&["signals.copies.b=three"])).unwrap().ran,
        ["signals"]
    );
    assert!(!bench.path("signals/copy_a").exists());
}

#[test]
fn a_deleted_artifact_is_made_again_and_what_follows_stays() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    fs::remove_file(bench.path("splits/meta_split.csv")).unwrap();
    fs::remove_dir_all(bench.path("labels")).unwrap();
    insta::assert_snapshot!(bench.status(&graph));
    assert_eq!(bench.run(&graph).unwrap().ran, ["labels", "splits"]);
    assert!(bench.path("splits/meta_split.csv").exists());
}

#[test]
fn every_kind_of_change_is_told_apart() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let mut shown = Vec::new();
    fs::write(bench.raw(), "one\nTWO\n").unwrap();
    shown.push(bench.status(&bench.graph(&[])));
    fs::remove_file(bench.raw()).unwrap();
    shown.push(bench.status(&bench.graph(&["signals.store=mat", "signals.quality.max_noise=0.5"])));
    fs::write(bench.raw(), "one\ntwo\n").unwrap();
    bench.version.store(2, Ordering::SeqCst);
    fs::write(bench.path("labels/joined.txt"), "edited by hand").unwrap();
    shown.push(bench.status(&bench.graph(&["report.word=ecg"])));
    let other = toys::PIPELINE.replace(
        "from: [${splits.meta}, ${signals.segments}]",
        "from: [${splits.meta}]",
    );
    shown.push(bench.status(&bench.graph_of(&other, &[]).unwrap()));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn before_the_first_run_everything_is_missing() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    insta::assert_snapshot!(bench.status(&graph));
    assert!(!bench.path("").exists(), "status writes nothing");
    let summary = bench.run_with(&graph, |o| o.dry_run = true).unwrap();
    assert_eq!(summary.plan.len(), 5);
    assert!(summary.ran.is_empty());
    assert!(!bench.path("").exists(), "a dry run writes nothing");
}

#[test]
fn a_moved_working_directory_stays_fresh_and_a_copied_one_too() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let mut settings = bench.settings(&[]);
    settings.workdir = bench.dir.path().join("copy");
    fs::create_dir_all(settings.workdir.join("toy/sample")).unwrap();
    for stage in [
        "signals",
        "signals/large",
        "labels",
        "splits",
        "manifests",
        "report",
    ] {
        fs::create_dir(settings.workdir.join("toy/sample").join(stage)).unwrap();
        let entries = fs::read_dir(bench.path(stage)).unwrap().map(Result::unwrap);
        for file in entries.filter(|entry| entry.path().is_file()) {
            // Written anew, so that every modification time differs.
            let bytes = fs::read(file.path()).unwrap();
            fs::write(
                settings
                    .workdir
                    .join("toy/sample")
                    .join(stage)
                    .join(file.file_name()),
                bytes,
            )
            .unwrap();
        }
    }
    fs::copy(
        bench.path("lock.json"),
        settings.workdir.join("toy/sample/lock.json"),
    )
    .unwrap();
    let text = toys::PIPELINE.replace("RAW", bench.raw().to_str().unwrap());
    let pipeline = ecgfm_pipeline::Pipeline::parse("toy.yaml", &text).unwrap();
    let graph = pipeline.graph(&bench.kinds, &settings).unwrap();
    assert!(bench.run(&graph).unwrap().ran.is_empty());
}

#[test]
fn only_uses_what_is_on_disk_and_says_when_it_is_stale() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    let error = bench.only(&graph, "manifests").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let missing = error.render();
    bench.run(&graph).unwrap();
    bench.take_events();
    fs::write(bench.raw(), "three\n").unwrap();
    let graph = bench.graph(&["manifests.word=new"]);
    assert_eq!(bench.only(&graph, "manifests").unwrap().ran, ["manifests"]);
    bench.only(&bench.graph(&["report.word=new"]), "report").unwrap();
    let warnings: Vec<String> = bench
        .take_events()
        .into_iter()
        .filter_map(|e| match e {
            RunEvent::Warning { message, help, .. } => {
                Some(format!("{message}\n  {}", help.unwrap_or_default()))
            }
            _ => None,
        })
        .collect();
    insta::assert_snapshot!(format!("{missing}\n{}", bench.plain(&warnings.join("\n"))));
}

#[test]
fn what_was_made_from_edited_data_is_not_mistaken_for_fresh() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    fs::write(bench.path("splits/meta_split.csv"), "edited").unwrap();
    assert_eq!(bench.only(&graph, "manifests").unwrap().ran, ["manifests"]);
    assert!(
        fs::read_to_string(bench.path("manifests/joined.txt"))
            .unwrap()
            .starts_with("edited")
    );
    assert_eq!(bench.run(&graph).unwrap().ran, ["splits", "manifests"]);
}

#[test]
fn from_and_until_bound_the_run() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    let pick = |from: Option<&str>, until: Option<&str>| {
        let (from, until) = (from.map(str::to_owned), until.map(str::to_owned));
        let chosen = graph.select(&StageSelection {
            only: vec![],
            from,
            until,
        });
        chosen.map(|set| set.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(pick(None, Some("splits")).unwrap(), "signals splits");
    assert_eq!(
        pick(Some("splits"), None).unwrap(),
        "labels manifests report splits"
    );
    assert_eq!(
        pick(Some("splits"), Some("manifests")).unwrap(),
        "manifests splits"
    );
    let errors = [pick(Some("labels"), Some("splits")), pick(Some("spltis"), None)];
    insta::assert_snapshot!(errors.map(|e| e.unwrap_err().render()).join("\n"));
}

#[test]
fn force_runs_the_chosen_stages_though_fresh() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    let summary = bench.run_with(&graph, |o| {
        o.force = true;
        o.selection.only = vec!["splits".to_owned()];
    });
    assert_eq!(summary.unwrap().ran, ["splits"]);
    assert_eq!(bench.run_with(&graph, |o| o.force = true).unwrap().ran.len(), 5);
}

#[test]
fn verify_finds_what_is_missing_changed_or_extra() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let check = || verify_outputs(&bench.path(""), &NoProgress, &Default::default()).unwrap();
    let intact = check();
    assert!(intact.is_intact() && intact.intact == 7 && intact.extra.is_empty());
    fs::remove_file(bench.path("labels/joined.txt")).unwrap();
    let path = bench.path("splits/meta_split.csv");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let flipped = fs::read_to_string(&path).unwrap().replace("one", "eno");
    fs::write(&path, flipped).unwrap();
    fs::File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    fs::write(bench.path("report/notes.txt"), "mine").unwrap();
    fs::write(bench.raw(), "other").unwrap();
    let found = check();
    assert!(!found.is_intact());
    assert_eq!(found.missing, ["labels/joined.txt"]);
    assert_eq!(
        found.changed,
        ["splits/meta_split.csv"],
        "same size and time, other content"
    );
    assert_eq!(found.extra, ["report/notes.txt"]);
    assert_eq!(found.inputs_changed.len(), 1);
}
