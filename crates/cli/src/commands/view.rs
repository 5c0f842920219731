//! `ecgfm view`: the ECGs of a run in a browser, on this machine alone.

use super::plot::run_archive::{RunArchive, RunRecord, read_lock, signals_stage};
use crate::args::ViewArgs;
use crate::errors::of_stage;
use ecgfm_evaluate::evaluate::Subgroups;
use ecgfm_pipeline::{Cancel, Error, ErrorKind, LockFile, StageRecord};
use ecgfm_report::paper::{PaperScale, draw_ecg};
use ecgfm_view::{EcgPlace, Host, RunPlaces, Server, show_run};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often an interruption is looked for.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves the pages of a run until it is interrupted.
pub fn view(args: &ViewArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    let lock = read_lock(&args.run)?;
    let archive = RunArchive::open(&args.run)?;
    let places = places_of(&args.run, &lock, archive.notice())?;
    let archive = archive.with_saliency_of(places.infer.clone());
    let server = Server::bind(args.port).map_err(|e| of_stage(&e))?;
    let (url, port) = (server.url(), server.port());
    if args.json {
        print_line(&serde_json::json!({"url": url, "port": port, "run": args.run}));
    } else {
        crate::console::println_stdout!("{url}");
    }
    let _ = crate::console::flush_output();
    let shown = show_run(server, places, Arc::new(RunHost(archive)));
    let (_running, exams) = shown.map_err(|e| of_stage(&e))?;
    if args.json {
        print_line(&serde_json::json!({"exams": exams}));
        let _ = crate::console::flush_output();
    } else if !quiet {
        crate::console::println_stderr!(
            "{exams} exams; open the address above in a browser; Ctrl-C ends this"
        );
    }
    while !cancel.is_cancelled() {
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// A line of JSON: whoever started this reads it while it goes on.
fn print_line(value: &serde_json::Value) {
    crate::console::println_stdout!("{value}");
}

/// Draws out of the run's archive.
struct RunHost(RunArchive);

impl Host for RunHost {
    fn draw(&self, place: &EcgPlace, saliency: bool) -> Result<String, String> {
        let EcgPlace {
            exam_id,
            trace_file,
            source,
            kept,
        } = place;
        let found = match kept {
            None => self.0.plot_set_aside(exam_id, trace_file, source),
            Some(kept) => self.0.plot(&RunRecord {
                trace_file: trace_file.clone(),
                save_file: kept.save_file.clone(),
                source: source.clone(),
                row: kept.row,
                rate: kept.rate,
            }),
        };
        let mut found = found.map_err(|error| error.to_string())?;
        if !saliency {
            found.ecg.shades.clear();
        }
        if found.ecg.leads.iter().all(Vec::is_empty) {
            return Err("its recording holds no samples".to_owned());
        }
        Ok(draw_ecg(&found.ecg, PaperScale::default(), "ecg").file(found.notice.as_deref()))
    }

    fn prepare(&self) {
        self.0.prepare();
    }

    fn now(&self) -> String {
        ecgfm_pipeline::now()
    }
}

/// The groups that an evaluation scored.
fn subgroups_of(dir: &Path, evaluate: &StageRecord) -> Result<Subgroups, Error> {
    let Some(subgroups) = evaluate.parameters.get("subgroups") else {
        return Ok(Subgroups::default());
    };
    serde_json::from_value(subgroups.clone()).map_err(|error| {
        let what = format!("{}: lock.json: `subgroups` of evaluate: {error}", dir.display());
        Error::new(ErrorKind::BadInput, what).help("evaluate again with this version")
    })
}

/// Directories of the stages of a run that belong together: those that its evaluation read, where there is one.
fn places_of(dir: &Path, lock: &LockFile, notice: Option<&str>) -> Result<RunPlaces, Error> {
    let of_kind = |kind: &str| lock.stages.iter().find(|(_, record)| record.kind == kind);
    let read_by = |record: Option<&StageRecord>, parameter: &str| {
        let read = record?.inputs.get(parameter)?.stage.as_ref()?;
        lock.stages.get_key_value(read)
    };
    let evaluate = of_kind("evaluate");
    let evaluated = evaluate.map(|(_, record)| record);
    let predict = read_by(evaluated, "predictions").or_else(|| of_kind("predict"));
    let infer = read_by(predict.map(|(_, record)| record), "logits").or_else(|| of_kind("infer"));
    let labels = read_by(evaluated, "labels").or_else(|| of_kind("labels"));
    let place = |stage: Option<(&String, &StageRecord)>| -> Option<PathBuf> {
        stage
            .map(|(name, _)| dir.join(name))
            .filter(|place| place.is_dir())
    };
    let subgroups = evaluated.map_or_else(|| Ok(Subgroups::default()), |record| subgroups_of(dir, record))?;
    let (signals, _) = signals_stage(dir, lock)?;
    Ok(RunPlaces {
        title: format!("{}, profile {}", lock.pipeline, lock.profile),
        notice: notice.map(str::to_owned),
        signals: dir.join(signals),
        labels: place(labels),
        splits: place(of_kind("splits")),
        manifests: place(of_kind("manifests")),
        infer: place(infer),
        predict: place(predict),
        evaluate: place(evaluate),
        attributes: subgroups.by,
        age_bands: subgroups.age_bands,
        dir: dir.to_owned(),
    })
}
