//! The long stages, divided among processes in random schedules: what they leave is what one run leaves, to the byte.

use crate::ground::{Course, Dice, Ground, RUN, link, run_tree, timeless, tree};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Schedules as a test among others; `just torture 200 42 shards` makes two hundred.
const SHORT: usize = 6;
/// Numbers of shares.
const COUNTS: [usize; 4] = [1, 2, 7, 64];
/// Shares at work at the same time.
const AT_ONCE: usize = 3;
const STAGES: [&str; 2] = ["signals", "infer"];

/// A share that is started once or twice: killed so long after its first start, if at all.
struct Task {
    shard: String,
    killed_after: Option<Duration>,
}

/// The shares of `count`, in random order, each killed once.
fn tasks(count: usize, took: Duration, dice: &mut Dice) -> Vec<Task> {
    let mut numbers: Vec<usize> = (1..=count).collect();
    (1..count)
        .rev()
        .for_each(|at| numbers.swap(at, dice.below(at + 1)));
    let after = |dice: &mut Dice| Duration::from_micros(dice.below(took.as_micros() as usize) as u64);
    let task = |number| Task {
        shard: format!("{number}/{count}"),
        killed_after: Some(after(dice)),
    };
    numbers.into_iter().map(task).collect()
}

/// Runs shares, three at a time; what went wrong.
fn run_tasks(course: &Course, workdir: &Path, stage: &str, tasks: Vec<Task>) -> Vec<String> {
    let (queue, wrong) = (Mutex::new(tasks), Mutex::new(Vec::new()));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let worker = || {
        while let Some(task) = next() {
            let command = || {
                course.command(
                    workdir,
                    "run",
                    &["--only", stage, "--shard", &task.shard, "--json"],
                )
            };
            if let Some(after) = task.killed_after {
                let started = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn();
                let mut child = started.expect("the program starts");
                std::thread::sleep(after);
                let _ = child.kill();
                child.wait().expect("it ends");
            }
            let output = command().output().expect("the program starts");
            let done: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            if !output.status.success() || done["stages"][0]["state"] != "done" {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                wrong.push(format!("share {}: {done} {said}", task.shard));
            }
        }
    };
    std::thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(worker))));
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Shares that still have work, as `missing` says.
fn missing(course: &Course, workdir: &Path, stage: &str, count: usize) -> Vec<u64> {
    let command = &mut course.command(workdir, "missing", &["--of", &count.to_string(), "--json"]);
    let output = command.output().expect("the program starts");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let stages = said["stages"].as_array().cloned().unwrap_or_default();
    let of_stage = stages.iter().find(|found| found["stage"] == stage);
    let shares = of_stage.and_then(|found| found["shares"].as_array().cloned());
    shares
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_u64)
        .collect()
}

/// One schedule: half of the shares of one division, then all of another; what is wrong.
fn run_schedule(number: usize, ground: &Ground, dice: &mut Dice) -> Vec<String> {
    let stage = STAGES[number % STAGES.len()];
    let [first, second] =
        [number / STAGES.len(), dice.below(COUNTS.len())].map(|at| COUNTS[at % COUNTS.len()]);
    let (course, at) = (&ground.courses[dice.below(2)], ground.index(stage));
    let dir = tempfile::tempdir().expect("a directory");
    link(&course.moments[at].dir, dir.path());
    let mut half = tasks(first, course.took[at], dice);
    half.truncate(first.div_ceil(2));
    let mut wrong = run_tasks(course, dir.path(), stage, half);
    let mut rest = tasks(second, course.took[at], dice);
    // Those that the disk says are missing, as one would submit them again.
    let missing_shares = missing(course, dir.path(), stage, second);
    rest.retain(|task| {
        let number = task
            .shard
            .split('/')
            .next()
            .and_then(|number| number.parse().ok());
        number.is_some_and(|number: u64| missing_shares.contains(&number))
    });
    wrong.extend(run_tasks(course, dir.path(), stage, rest));
    let left = missing(course, dir.path(), stage, second);
    if !left.is_empty() {
        wrong.push(format!("shares {left:?} of {second} are still missing"));
    }
    let published = tree(&dir.path().join(RUN).join(stage));
    if published != tree(&course.moments[at].dir.join(RUN).join(stage)) {
        wrong.push("a share has published something".to_owned());
    }
    let output = course.command(dir.path(), "run", &["--only", stage]).output();
    let output = output.expect("the program starts");
    if !output.status.success() {
        wrong.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let expected = &course.moments[at + 1];
    if run_tree(dir.path()) != expected.tree || timeless(&dir.path().join(RUN)) != expected.lock {
        wrong.push("the run's directory is another".to_owned());
    }
    let entries = fs::read_dir(dir.path().join(RUN)).into_iter().flatten().flatten();
    let hidden = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    wrong.extend(
        hidden
            .filter(|name| name.starts_with('.') && name != ".lock")
            .map(|name| format!("{name} is left")),
    );
    let what = format!("{stage} by {first}, then {second} shares");
    wrong.iter().map(|wrong| format!("{what}: {wrong}")).collect()
}

#[test]
fn shares_in_any_schedule_leave_what_one_run_leaves() {
    let from_environment = |name: &str, default: usize| {
        let value = std::env::var(name).ok().and_then(|value| value.parse().ok());
        value.unwrap_or(default)
    };
    let schedules = from_environment("ECGFM_TORTURE_TRIALS", SHORT);
    let seed = from_environment("ECGFM_TORTURE_SEED", 42) as u64;
    let ground = Ground::get();
    let mut wrong = Vec::new();
    for number in 0..schedules {
        let mut dice = Dice(seed.wrapping_mul(1 << 32).wrapping_add(number as u64));
        let found = run_schedule(number, ground, &mut dice);
        wrong.extend(
            found
                .into_iter()
                .map(|found| format!("schedule {number} of seed {seed}: {found}")),
        );
    }
    eprintln!("{schedules} schedules of shares: {} differences", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
