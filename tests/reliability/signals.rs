//! Two signals, one after the other, while a model computes.

use crate::common::{ecgfm, ok};
use crate::ground::{Dice, run_tree_of};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

#[path = "../common/torchscript.rs"]
mod torchscript;

/// A model that takes a third of a second for a batch, and more: longer than the pause between two signals.
const SLOW: &str = "  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    z = torch.ones([400, 400])
    z0 = z
    for i in range(250):
      z1 = torch.add(torch.mul(torch.mm(z0, z0), 0.), 1.)
      z0 = z1
    y = torch.mean(torch.abs(x), [2])
    _1 = torch.select(torch.select(z0, 0, 0), 0, 0)
    return torch.add(y, torch.mul(_1, 0))
";

const PIPELINE: &str = r#"name: slow
profiles: { all: }
stages:
  signals: { uses: signals, with: { raw: HERE/raw } }
  splits:
    uses: splits
    with: { records: "${signals.records}", segments: "${signals.segments}", fractions: [0.0, 0.0, 1.0], names: [train, valid, test], seed: 1 }
  manifests: { uses: manifests, with: { splits: "${splits.segmented}" } }
  infer:
    uses: infer
    needs: [signals]
    with: { manifest: "${manifests.dir}", subset: test, model: HERE/slow.ts, device: cpu, batch_size: 1, returns: logits }
"#;

/// Trials in a test among others; `ECGFM_DOUBLED_SIGNALS=100` makes a hundred.
const TRIALS: usize = 10;

/// The longest pause between two signals.
pub const LONGEST_GAP_MS: usize = 300;

/// What libtorch, the C++ library or the kernel say of a program that ends in the middle of a computation.
const CRASHES: [&str; 6] = [
    "terminate called",
    "what():",
    "RuntimeError",
    "Exception",
    "Segmentation",
    "panicked",
];

/// Two signals and the pause between them.
#[derive(Debug, Clone, Copy)]
pub struct Doubled {
    signals: [Signal; 2],
    gap: Duration,
}

impl Doubled {
    /// One of the four pairs, with a random pause.
    pub fn draw(dice: &mut Dice) -> Self {
        let mut one = || [Signal::SIGINT, Signal::SIGTERM][dice.below(2)];
        let signals = [one(), one()];
        Self {
            signals,
            gap: Duration::from_millis(dice.below(LONGEST_GAP_MS) as u64),
        }
    }

    /// Starts a program, sends both signals, the first after a while, and waits; what the program printed, and what is
    /// wrong with how it ended.
    pub fn send(self, command: &mut Command, after: Duration) -> (Output, Option<String>) {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("the program starts");
        std::thread::sleep(after);
        signal(&child, self.signals[0]);
        std::thread::sleep(self.gap);
        signal(&child, self.signals[1]);
        let output = child.wait_with_output().expect("it ends");
        let wrong = self.wrong(&output);
        (output, wrong)
    }

    /// What is wrong with an end: it must be the code of one of the signals, or done, and nothing may be said of a crash.
    fn wrong(self, output: &Output) -> Option<String> {
        let status = output.status;
        let codes = self.signals.map(|signal| 128 + signal as i32);
        // Ended by the signal itself: it came before the program could handle any. A shell gives the same code.
        let by_signal = self
            .signals
            .iter()
            .any(|&signal| status.signal() == Some(signal as i32));
        let told = String::from_utf8_lossy(&output.stderr);
        let crash = CRASHES.iter().find(|crash| told.contains(**crash));
        let right = status.success() || by_signal || status.code().is_some_and(|code| codes.contains(&code));
        (!right || crash.is_some()).then(|| format!("{self:?}: {status}\n{told}"))
    }
}

/// Sends a signal to a child that has not been waited for.
pub fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).expect("an id");
    // Until it is waited for, its id belongs to nobody else.
    kill(Pid::from_raw(id), signal).expect("a signal");
}

/// An archive, a slow model, and a run that is about to come to it.
struct Slow {
    dir: tempfile::TempDir,
}

impl Slow {
    fn new() -> Self {
        let slow = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let raw = slow.path("raw");
        ok(ecgfm().args(["synth", "--quiet", "--exams", "6", "-o"]).arg(raw));
        torchscript::write(&slow.path("slow.ts"), SLOW);
        let here = slow.dir.path().to_str().unwrap();
        fs::write(slow.path("slow.yaml"), PIPELINE.replace("HERE", here)).unwrap();
        ok(slow.run(&slow.path("runs")).args(["--until", "manifests"]));
        slow
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, workdir: &Path) -> Command {
        let mut command = ecgfm();
        command
            .arg("run")
            .arg(self.path("slow.yaml"))
            .arg("--workdir")
            .arg(workdir);
        command
    }
}

#[test]
fn two_signals_end_a_computing_model_with_their_code_and_the_run_goes_on() {
    let trials = std::env::var("ECGFM_DOUBLED_SIGNALS")
        .ok()
        .and_then(|n| n.parse().ok());
    let trials: usize = trials.unwrap_or(TRIALS);
    let slow = Slow::new();
    let whole = slow.path("whole");
    crate::ground::copy(&slow.path("runs"), &whole);
    let began = std::time::Instant::now();
    ok(&mut slow.run(&whole));
    let took = usize::try_from(began.elapsed().as_millis()).unwrap();
    let expected = run_tree_of(&whole.join("slow/all"));
    let (mut wrong, mut ended) = (Vec::new(), 0);
    for number in 0..trials {
        let mut dice = Dice(number as u64);
        let workdir = slow.path("trial");
        let _ = fs::remove_dir_all(&workdir);
        crate::ground::copy(&slow.path("runs"), &workdir);
        let after = Duration::from_millis(dice.below(took) as u64);
        let (output, complaint) = Doubled::draw(&mut dice).send(&mut slow.run(&workdir), after);
        ended += usize::from(!output.status.success());
        wrong.extend(complaint);
        if number % 5 == 0 {
            ok(&mut slow.run(&workdir));
            assert!(
                run_tree_of(&workdir.join("slow/all")) == expected,
                "trial {number}: other files"
            );
        }
    }
    eprintln!(
        "{ended} of {trials} runs ended by two signals, {} wrongly",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ended > trials / 2, "only {ended} of {trials} were interrupted");
}
