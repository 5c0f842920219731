//! Runs are killed at every point of a publication and at random times, and run again: nothing may be lost.

use crate::ground::{Dice, Ground};
use crate::trial::{Outcome, Trial};
use ecgfm_pipeline::failpoint::POINTS;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Trials as a test among others; `just torture` makes a thousand.
const SHORT: usize = 60;

fn from_environment(name: &str, default: usize) -> usize {
    let value = std::env::var(name).ok().and_then(|v| v.parse().ok());
    value.unwrap_or(default)
}

#[test]
fn a_killed_run_loses_nothing_and_ends_as_if_it_had_not_been_killed() {
    let trials = from_environment("ECGFM_TORTURE_TRIALS", SHORT);
    let seed = from_environment("ECGFM_TORTURE_SEED", 42) as u64;
    let (ground, began) = (Ground::get(), Instant::now());
    let (next, all) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= trials {
                break;
            }
            let mut dice = Dice(seed.wrapping_mul(1 << 32).wrapping_add(number as u64));
            let trial = Trial::number(number, ground, &mut dice);
            let outcome = trial.run(ground, &mut dice);
            all.lock().expect("no panic").push((number, trial.stage, outcome));
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(worker)));
    });
    let all = all.into_inner().expect("no panic");
    report(ground, &all, began.elapsed().as_secs_f64());
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|(number, _, o)| {
            let all = o.torn.iter().chain(&o.broken);
            all.map(move |what| format!("trial {number} of seed {seed}: {what}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (course, of) in ground.courses.iter().enumerate() {
        let now = crate::ground::run_tree(&of.finished().dir);
        assert!(
            now == of.finished().tree,
            "a trial wrote into files of course {course}"
        );
    }
}

fn report(ground: &Ground, all: &[(usize, Option<usize>, Outcome)], seconds: f64) {
    let sum = |f: &dyn Fn(&Outcome) -> usize| all.iter().map(|(_, _, o)| f(o)).sum::<usize>();
    eprintln!(
        "{} trials, {} kills and {} ends by two signals in {seconds:.0} s: {} artifacts lost or torn, {} other promises broken",
        all.len(),
        sum(&|o| o.kills),
        sum(&|o| o.doubled),
        sum(&|o| o.torn.len()),
        sum(&|o| o.broken.len())
    );
    let at = |point| all.iter().filter(|(_, _, o)| o.at == point).count();
    let points: Vec<String> = POINTS
        .iter()
        .map(|p| format!("{} {}", p.name(), at(Some(*p))))
        .collect();
    eprintln!(
        "first killed at: {}; at a random time {}",
        points.join(", "),
        at(None)
    );
    let of = |stage| all.iter().filter(|(_, s, _)| *s == stage).count();
    let stages: Vec<String> = ground
        .stages
        .iter()
        .enumerate()
        .map(|(at, s)| format!("{s} {}", of(Some(at))))
        .collect();
    eprintln!("stages: {}; whole pipeline {}", stages.join(", "), of(None));
}
