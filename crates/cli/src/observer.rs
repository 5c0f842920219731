//! Reports the events of a run on standard error, for people.

use crate::console::println_stderr;
use crate::number_format::{format_duration, format_size, group_thousands};
use crate::run_log::RunLog;
use ecgfm_pipeline::{PlannedStage, Progress, RunEvent, RunObserver, SkipReason, StageAction};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

/// Reporter that prints lines, and on a terminal a progress bar with rate and time left.
pub struct ConsoleReporter {
    quiet: bool,
    terminal: bool,
    dry_run: bool,
    keep_going: bool,
    bar: Mutex<Option<ProgressBar>>,
    run_log: Option<RunLog>,
}

impl ConsoleReporter {
    /// Reports warnings only where `quiet`.
    pub fn new(quiet: bool) -> Self {
        let (dry_run, keep_going) = (false, false);
        Self {
            quiet,
            dry_run,
            keep_going,
            terminal: std::io::stderr().is_terminal(),
            bar: Mutex::new(None),
            run_log: None,
        }
    }

    /// Writes messages to the log in the run's directory as well, once the run holds it.
    pub fn with_log(self, run_log: RunLog) -> Self {
        let run_log = Some(run_log);
        Self { run_log, ..self }
    }

    /// Logs a message that is printed elsewhere.
    pub fn log_message(&self, line: &str) {
        if let Some(log) = &self.run_log {
            log.append_message(line);
        }
    }

    /// Logs the exit code of the command.
    pub fn log_exit(&self, exit: u8) {
        if let Some(log) = &self.run_log {
            log.record_exit(exit);
        }
    }

    /// Lists what a dry run would do.
    pub fn dry_run(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }

    /// Reports failures as they happen; without it the first one ends the run and is reported then.
    pub fn keep_going(self, keep_going: bool) -> Self {
        Self { keep_going, ..self }
    }

    fn report(&self, line: &str) {
        match self.quiet {
            false => self.report_always(line),
            true => self.log_message(line),
        }
    }

    fn report_always(&self, line: &str) {
        self.log_message(line);
        match self.bar() {
            Some(bar) => bar.suspend(|| println_stderr!("{line}")),
            None => println_stderr!("{line}"),
        }
    }

    fn bar(&self) -> Option<ProgressBar> {
        self.bar
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn set_bar(&self, bar: Option<ProgressBar>) {
        let old = std::mem::replace(
            &mut *self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            bar,
        );
        if let Some(old) = old {
            old.finish_and_clear();
        }
    }

    /// Removes a bar that is still there.
    pub fn clear_bar(&self) {
        self.set_bar(None);
    }

    fn start_bar(&self, stage: &str, total: u64, unit: &str) {
        if self.quiet || !self.terminal {
            return;
        }
        let template = match unit {
            // Their number is not known.
            "bytes" if total == 0 => "  {prefix} {binary_bytes}  {binary_bytes_per_sec}".to_owned(),
            "bytes" => {
                "  {prefix} [{bar:30}] {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left".to_owned()
            }
            _ => format!(
                "  {{prefix}} [{{bar:30}}] {{human_pos}}/{{human_len}} {unit}  {{per_sec}}  {{eta}} left"
            ),
        };
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = match total {
            0 => ProgressBar::no_length(),
            _ => ProgressBar::new(total),
        };
        let bar = bar
            .with_style(style.progress_chars("=> "))
            .with_prefix(stage.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.set_bar(Some(bar));
    }
}

impl RunObserver for ConsoleReporter {
    fn event(&self, event: &RunEvent) {
        match event {
            RunEvent::Plan {
                pipeline,
                profile,
                run_dir,
                stages,
            } => {
                if let Some(log) = self.run_log.as_ref().filter(|_| !self.dry_run) {
                    log.open(run_dir);
                }
                self.report(&format!(
                    "{pipeline}, profile {profile}, in {}",
                    run_dir.display()
                ));
                if self.dry_run {
                    self.report_plan(stages);
                }
            }
            RunEvent::ProgressBegan { stage, total, unit } => self.start_bar(stage, *total, unit),
            RunEvent::ProgressAdvanced { by, .. } => {
                if let Some(bar) = self.bar() {
                    bar.inc(*by);
                }
            }
            RunEvent::Note { stage, message } => self.report(&format!("  {stage}: {message}")),
            RunEvent::Warning { message, help, .. } => {
                self.report_always(&format!("warning: {message}"));
                if let Some(help) = help {
                    self.report_always(&format!("help: {help}"));
                }
            }
            RunEvent::RunFinished {
                ran, fresh, seconds, ..
            } => {
                self.set_bar(None);
                let (ran, fresh, time) = (ran.len(), fresh.len(), format_duration(*seconds));
                self.report(&format!("{ran} stages ran, {fresh} were up to date, {time}"));
            }
            of_stage => self.report_stage(of_stage),
        }
    }
}

impl ConsoleReporter {
    /// Reports what a dry run would do.
    fn report_plan(&self, stages: &[PlannedStage]) {
        for stage in stages {
            let would = match stage.action {
                StageAction::Run => "would run",
                StageAction::RunIfChanged => "may run",
                StageAction::Keep | StageAction::Exclude => continue,
            };
            let why: Vec<String> = stage.reasons.iter().map(ToString::to_string).collect();
            self.report(&format!("  {would} {}: {}", stage.stage, why.join("; ")));
        }
    }

    /// Reports that a stage started, finished, failed or did not run.
    fn report_stage(&self, event: &RunEvent) {
        match event {
            RunEvent::StageStarted {
                stage,
                number,
                of,
                resumed,
                reasons,
                ..
            } => {
                let why: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                let resumed = if *resumed {
                    ", resuming where it was interrupted"
                } else {
                    ""
                };
                self.report(&format!("[{number}/{of}] {stage}: {}{resumed}", why.join("; ")));
            }
            RunEvent::StageFinished {
                stage,
                counts,
                seconds,
                ..
            } => {
                self.set_bar(None);
                let (time, counts) = (format_duration(*seconds), counts_text(counts));
                self.report(&format!("  {stage} done in {time}{counts}"));
            }
            RunEvent::StageSkipped { stage, because } => match because {
                SkipReason::Fresh => self.report(&format!("  {stage} is up to date")),
                SkipReason::Cleaned => {
                    self.report(&format!("  {stage} is up to date, some of it removed by clean"));
                }
                SkipReason::InputsMissing => {
                    self.report(&format!("  {stage} waits: stages before it are not done"));
                }
                SkipReason::UpstreamFailed => {
                    self.report_always(&format!("  {stage} not run: a stage it needs failed"));
                }
            },
            RunEvent::StageFailed { message, .. } => {
                self.set_bar(None);
                if self.keep_going {
                    self.report_always(&format!("error: {message}"));
                }
            }
            _ => {}
        }
    }
}

fn counts_text(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, n)| {
            let n = if name.ends_with("bytes") {
                format_size(*n)
            } else {
                group_thousands(*n)
            };
            format!("{} {n}", name.replace('_', " "))
        })
        .collect();
    format!(" ({})", counts.join(", "))
}

/// Progress of a command that is no run: a bar on a terminal, and notes.
pub struct CommandProgress {
    /// Name of the task, before the bar.
    task: &'static str,
    reporter: ConsoleReporter,
}

impl CommandProgress {
    /// Reports nothing where `quiet`.
    pub fn new(task: &'static str, quiet: bool) -> Self {
        let reporter = ConsoleReporter::new(quiet);
        Self { task, reporter }
    }
}

impl Progress for CommandProgress {
    fn begin(&self, total: u64, unit: &'static str) {
        self.reporter.start_bar(self.task, total, unit);
    }

    fn advance(&self, n: u64) {
        if let Some(bar) = self.reporter.bar() {
            bar.inc(n);
        }
    }

    fn note(&self, message: &str) {
        self.reporter.report(&format!("  {message}"));
    }

    fn warn(&self, message: &str, help: &str) {
        self.reporter.report_always(&format!("warning: {message}"));
        self.reporter.report_always(&format!("help: {help}"));
    }
}

impl Drop for CommandProgress {
    fn drop(&mut self) {
        self.reporter.clear_bar();
    }
}
