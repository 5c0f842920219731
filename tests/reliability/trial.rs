//! One trial: a stage, or the whole pipeline, is killed somewhere and run again.

use crate::ground::{Course, Dice, Ground, RUN, link, run_tree, timeless, tree};
use crate::signals::Doubled;
use ecgfm_pipeline::failpoint::{POINTS, Point};
use ecgfm_pipeline::{NoProgress, verify_outputs};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Where a run is killed, or asked twice to stop.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    /// Where it passes a point for the nth time.
    At(Point, usize),
    /// So long after it was started.
    After(Duration),
    /// At any time after it was started, by two signals.
    Doubled(Doubled),
}

pub struct Trial {
    pub stage: Option<usize>,
    course: usize,
    cut: Cut,
    /// The run that would put it right is killed as well, here.
    again: Option<Point>,
}

/// What came of a trial.
#[derive(Default)]
pub struct Outcome {
    /// How often a run was killed.
    pub kills: usize,
    /// How often two signals ended one.
    pub doubled: usize,
    /// The point at which it was first killed, unless by the clock.
    pub at: Option<Point>,
    /// Files that were gone or partly written where a whole one should be, then or at the end.
    pub torn: Vec<String>,
    /// Other broken promises.
    pub broken: Vec<String>,
}

/// Slots of the schedule: every point, the clock, two signals, and either of them over the whole pipeline.
const SLOTS: usize = POINTS.len() + 3;

impl Trial {
    /// The trial of a number: stages and points take turns so that all pairs come up, in both courses.
    pub fn number(number: usize, ground: &Ground, dice: &mut Dice) -> Self {
        let stages = ground.stages.len();
        let (slot, stage) = (number % SLOTS, (number * 7) % stages);
        let mut course = (number + number / (SLOTS * stages)) % 2;
        let point = POINTS.get(slot).copied();
        // Only a stage that has run before has something to replace.
        if matches!(point, Some(Point::StageAside | Point::OldRemove)) {
            course = 1;
        }
        let whole = slot == SLOTS - 1;
        let files = ground.courses[course].leaves(&ground.stages[stage]).len();
        let cut = match point {
            Some(
                p @ (Point::FileCreate
                | Point::FileBytes
                | Point::FileWritten
                | Point::FileRename
                | Point::FileDone),
            ) => Cut::At(p, 1 + dice.below(files)),
            Some(p) => Cut::At(p, 1),
            None if slot == POINTS.len() || (whole && dice.below(2) == 0) => {
                Cut::Doubled(Doubled::draw(dice))
            }
            None => Cut::After(Duration::ZERO),
        };
        let again = (dice.below(3) == 0).then(|| POINTS[dice.below(POINTS.len())]);
        Self {
            stage: (!whole).then_some(stage),
            course,
            cut,
            again: again.filter(|p| *p != Point::StageAside || course == 1),
        }
    }

    pub fn run(&self, ground: &Ground, dice: &mut Dice) -> Outcome {
        let course = &ground.courses[self.course];
        let dir = tempfile::tempdir().expect("a directory");
        let scene = Scene {
            ground,
            course,
            stage: self.stage,
            workdir: dir.path(),
        };
        let mut out = Outcome::default();
        scene.prepare();
        if let Cut::At(point, nth) = self.cut {
            if scene.kill(Cut::At(point, nth), &mut out) {
                out.at = Some(point);
            } else {
                scene.prepare();
            }
        }
        let any_time = Duration::from_micros(dice.below(scene.took().as_micros() as usize) as u64);
        match self.cut {
            Cut::Doubled(doubled) => scene.signal_twice(doubled, any_time, &mut out),
            _ if out.at.is_none() => drop(scene.kill(Cut::After(any_time), &mut out)),
            _ => {}
        }
        scene.nothing_torn(&mut out);
        if let Some(point) = self.again {
            scene.kill(Cut::At(point, 1), &mut out);
            scene.nothing_torn(&mut out);
        }
        let told = scene.status(&mut out);
        scene.resume(&told, &mut out);
        scene.as_if_nothing_had_happened(&mut out);
        out
    }
}

/// A working directory in which a stage is about to run.
struct Scene<'a> {
    ground: &'a Ground,
    course: &'a Course,
    stage: Option<usize>,
    workdir: &'a Path,
}

impl Scene<'_> {
    fn prepare(&self) {
        let _ = fs::remove_dir_all(self.workdir.join("code15"));
        link(&self.course.moments[self.stage.unwrap_or(0)].dir, self.workdir);
    }

    fn took(&self) -> Duration {
        match self.stage {
            Some(stage) => self.course.took[stage],
            None => self.course.took.iter().sum(),
        }
    }

    fn command(&self, further: &[&str]) -> Command {
        let stage = self.stage.map(|s| self.ground.stages[s].as_str());
        let only: Vec<&str> = stage.map_or(vec![], |stage| vec!["--only", stage]);
        self.course
            .command(self.workdir, "run", &[&only, further].concat())
    }

    /// A stage that has nothing new to do is made to do it again.
    fn forced(&self) -> bool {
        let moments = &self.course.moments;
        self.stage
            .is_some_and(|s| moments[s].tree == moments[s + 1].tree && s + 1 < moments.len())
    }

    /// Runs and sends two signals, the first after a while.
    fn signal_twice(&self, doubled: Doubled, after: Duration, out: &mut Outcome) {
        let (output, wrong) = doubled.send(&mut self.to_be_cut(), after);
        out.doubled += usize::from(!output.status.success());
        out.broken.extend(wrong);
    }

    /// The run that is killed or interrupted.
    fn to_be_cut(&self) -> Command {
        self.command(if self.forced() { &["--force"] } else { &[] })
    }

    /// Runs and kills; whether it came to that.
    fn kill(&self, cut: Cut, out: &mut Outcome) -> bool {
        let mut command = self.to_be_cut();
        let status = match cut {
            Cut::At(point, nth) => at_point(&mut command, point, nth),
            Cut::After(time) => after(&mut command, time),
            Cut::Doubled(_) => return false,
        };
        let killed = status.signal() == Some(9);
        if !killed && !status.success() {
            out.broken.push(format!("{cut:?}: {status}"));
        }
        out.kills += usize::from(killed);
        killed
    }

    /// Every stage's directory is the old one or the new one, to the byte.
    fn nothing_torn(&self, out: &mut Outcome) {
        for stage in &self.ground.stages {
            let dir = self.workdir.join(RUN).join(stage);
            let found = tree(&dir);
            let whole = self.ground.courses.iter().any(|c| c.leaves(stage) == found);
            if dir.exists() && !whole {
                out.torn.push(format!("{stage} after the kill"));
            }
        }
    }

    /// What `status` says of each stage; a fresh one must be what it should be.
    fn status(&self, out: &mut Outcome) -> Vec<(String, String)> {
        let output = self.course.command(self.workdir, "status", &["--json"]).output();
        let output = output.expect("the program starts");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let mut states = Vec::new();
        for stage in told["stages"].as_array().into_iter().flatten() {
            let name = stage["stage"].as_str().unwrap_or_default().to_owned();
            let state = stage["state"].as_str().unwrap_or_default().to_owned();
            let right = tree(&self.workdir.join(RUN).join(&name)) == self.course.leaves(&name);
            if state == "fresh" && !right {
                out.broken
                    .push(format!("status calls {name} fresh, and it is not"));
            }
            states.push((name, state));
        }
        if states.len() != self.ground.stages.len() {
            let said = String::from_utf8_lossy(&output.stderr);
            out.broken.push(format!("status says nothing: {said}"));
        }
        states
    }

    /// Runs again, to the end; what runs must be what `status` said.
    fn resume(&self, told: &[(String, String)], out: &mut Outcome) {
        let output = self.command(&["--json"]).output().expect("the program starts");
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return out.broken.push(format!("the resumed run fails: {said}"));
        }
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let names = |key: &str| -> BTreeSet<String> {
            let list = summary[key].as_array().into_iter().flatten();
            list.filter_map(|n| n.as_str().map(str::to_owned)).collect()
        };
        let (ran, fresh) = (names("ran"), names("fresh"));
        for (stage, state) in told {
            let lied = match state.as_str() {
                "fresh" => ran.contains(stage),
                // A stage that was complete is put in place; one that waits for others may read the same.
                "partial" | "undecided" => false,
                _ => fresh.contains(stage),
            };
            if lied {
                let did = if ran.contains(stage) { "ran" } else { "did not run" };
                out.broken
                    .push(format!("status calls {stage} {state}, and then it {did}"));
            }
        }
    }

    /// The run's directory is what it would be without a kill, and nothing is left over.
    fn as_if_nothing_had_happened(&self, out: &mut Outcome) {
        let expected = match self.stage {
            Some(stage) => &self.course.moments[stage + 1],
            None => self.course.finished(),
        };
        let (run_dir, found) = (self.workdir.join(RUN), run_tree(self.workdir));
        for (name, hash) in &expected.tree {
            match found.get(name) {
                None => out.torn.push(format!("{name} is lost")),
                Some(other) if other != hash => out.torn.push(format!("{name} is another")),
                Some(_) => {}
            }
        }
        let extra: Vec<&String> = found.keys().filter(|n| !expected.tree.contains_key(*n)).collect();
        if !extra.is_empty() {
            out.broken.push(format!("left over: {extra:?}"));
        }
        let hidden = fs::read_dir(&run_dir).into_iter().flatten().flatten();
        let hidden = hidden.map(|e| e.file_name().to_string_lossy().into_owned());
        let hidden: Vec<String> = hidden.filter(|n| n.starts_with('.') && n != ".lock").collect();
        if !hidden.is_empty() {
            out.broken.push(format!("left over: {hidden:?}"));
        }
        if timeless(&run_dir) != expected.lock {
            out.broken.push("lock.json says something else".to_owned());
        }
        match verify_outputs(&run_dir, &NoProgress, &Default::default()) {
            Ok(found) if found.is_intact() => {}
            other => out.broken.push(format!("verify: {other:?}")),
        }
    }
}

fn at_point(command: &mut Command, point: Point, nth: usize) -> ExitStatus {
    let mut spec = format!("{}:{nth}", point.name());
    // Directories change places in one step here; as on a file system that cannot do that:
    if point == Point::StageAside {
        spec = format!("{}=EINVAL,{spec}", Point::StageRename.name());
    }
    let output = command.env("ECGFM_FAILPOINT", spec).output();
    output.expect("the program starts").status
}

fn after(command: &mut Command, time: Duration) -> ExitStatus {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    std::thread::sleep(time);
    let _ = child.kill();
    child.wait().expect("it ends")
}
