//! A Slurm of one machine, started for a test and stopped with it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longest that anything here is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// The daemons, and the directory of their configuration and state.
pub struct Slurm {
    dir: tempfile::TempDir,
    daemons: Vec<Child>,
}

impl Slurm {
    /// None where Slurm is not installed or this is not root; then the test says so and should return.
    pub fn start() -> Option<Self> {
        let skip = |why: &str| {
            eprintln!("SKIPPED: {why}; as root, with Debian's package slurm-wlm, a Slurm is started here")
        };
        let installed = Command::new("slurmctld").arg("-V").output();
        if !installed.is_ok_and(|output| output.status.success()) {
            skip("there is no slurmctld");
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skip("not root");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("state")).unwrap();
        fs::create_dir(dir.path().join("spool")).unwrap();
        fs::write(dir.path().join("slurm.conf"), configuration(dir.path())).unwrap();
        let mut slurm = Self {
            dir,
            daemons: Vec::new(),
        };
        for name in ["slurmctld", "slurmd"] {
            let log = fs::File::create(slurm.dir.path().join(format!("{name}.out"))).unwrap();
            let mut daemon = slurm.command(name, &["-D"]);
            daemon
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .stdin(Stdio::null());
            slurm.daemons.push(daemon.spawn().unwrap());
        }
        wait_for("an idle node", || {
            slurm
                .say("sinfo", &["--noheader", "--format=%t"])
                .contains("idle")
        });
        Some(slurm)
    }

    pub fn configuration(&self) -> PathBuf {
        self.dir.path().join("slurm.conf")
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env("SLURM_CONF", self.configuration());
        command
    }

    /// What one of Slurm's programs prints, errors left out.
    pub fn say(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program, arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until no job is in the queue.
    pub fn wait_until_idle(&self) {
        wait_for("an empty queue", || {
            self.say("squeue", &["--noheader"]).trim().is_empty()
        });
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.say("squeue", &[]));
        }
        self.say("scancel", &["--user=root"]);
        self.say("scontrol", &["shutdown"]);
        sleep(Duration::from_secs(1));
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// Waits until something is so.
pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(100));
    }
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Configuration of one node, which pretends four processors, without authentication. A task that is put back waits for its
/// credential to expire first: five seconds here, two minutes as a rule.
const CONFIGURATION: &str = "\
ClusterName=test
SlurmctldHost=HOST(127.0.0.1)
SlurmctldPort=PORT_1
SlurmdPort=PORT_2
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=5
SlurmUser=root
StateSaveLocation=DIR/state
SlurmdSpoolDir=DIR/spool
SlurmctldPidFile=DIR/slurmctld.pid
SlurmdPidFile=DIR/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2
SlurmdParameters=config_overrides
MaxArraySize=65
ReturnToService=2
KillWait=10
NodeName=HOST NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
";

fn configuration(dir: &Path) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let words = [
        ("HOST", host.trim().to_owned()),
        ("PORT_1", free_port().to_string()),
        ("PORT_2", free_port().to_string()),
        ("DIR", dir.display().to_string()),
    ];
    words
        .iter()
        .fold(CONFIGURATION.to_owned(), |text, (word, value)| {
            text.replace(word, value)
        })
}
