//! `ecgfm plot`: one ECG on ECG paper, from any file of recordings, a `.mat` file or a run.

pub(super) mod recording;
pub(super) mod run_archive;
pub(super) mod source;

use super::print_json;
use crate::args::PlotArgs;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_report::paper::{Ecg, PaperScale, SignalUnit, draw_ecg};
use std::path::{Path, PathBuf};

/// Refuses the name of an output file that does not end in `.svg`.
fn check_ending(path: &Path) -> Result<(), Error> {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().into_owned());
    if path == Path::new("-")
        || ending
            .as_deref()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("svg"))
    {
        return Ok(());
    }
    let (svg, path) = (path.with_extension("svg"), path.display());
    let svg = svg.display();
    let message = format!("`{path}` does not end in .svg, and only SVG is drawn");
    let convert = match ending.as_deref() {
        Some("png") => format!("rsvg-convert {svg} -o {path}"),
        Some(format @ ("pdf" | "ps" | "eps")) => format!("rsvg-convert -f {format} {svg} -o {path}"),
        _ => String::new(),
    };
    let help = match convert.as_str() {
        "" => format!("write `{svg}`; a browser shows and prints it"),
        convert => {
            format!("write `{svg}`; a browser shows and prints it, and librsvg converts it: {convert}")
        }
    };
    Err(Error::new(ErrorKind::Config, message).help(help))
}

/// Unit of the values: as the file states it, else as the arguments say.
fn unit_to_draw(args: &PlotArgs, found: &recording::PlottedEcg) -> Result<SignalUnit, Error> {
    match (args.units_per_mv, found.ecg.unit) {
        _ if found.standardized => Ok(SignalUnit::Standardized),
        (None, stated) => Ok(stated),
        (Some(units), SignalUnit::PerMillivolt(stated)) if units != stated => {
            let message = format!(
                "{}: the values are in mV, and --units-per-mv says {units}",
                args.file.display()
            );
            Err(Error::new(ErrorKind::BadInput, message).help("leave --units-per-mv out"))
        }
        (Some(units), _) => Ok(SignalUnit::PerMillivolt(units)),
    }
}

/// Draws one ECG as SVG.
pub fn plot(args: &PlotArgs) -> Result<(), Error> {
    if let Some(path) = &args.output {
        check_ending(path)?;
    }
    let found = source::find_ecg(args)?;
    let ecg = Ecg {
        unit: unit_to_draw(args, &found)?,
        ..found.ecg
    };
    let paper = PaperScale {
        speed: args.speed,
        gain: args.gain,
    };
    let drawing = draw_ecg(&ecg, paper, "ecg");
    let svg = drawing.file(found.notice.as_deref());
    if args.output.as_deref() == Some(Path::new("-")) {
        crate::console::println_stdout!("{}", svg.trim_end());
        return Ok(());
    }
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.svg", ecg.record)));
    std::fs::write(&path, svg)
        .map_err(|e| Error::new(ErrorKind::StageFailed, format!("{}: {e}", path.display())))?;
    let (width, height) = drawing.size();
    if args.json {
        return print_json(&serde_json::json!({
            "file": path, "record": ecg.record, "leads": ecg.leads.len(), "samples": ecg.leads[0].len(),
            "rate_hz": ecg.rate, "width_mm": width, "height_mm": height, "says": drawing.footer,
        }));
    }
    crate::console::println_stdout!("{}: {width} by {height} mm", path.display());
    for line in &drawing.footer {
        crate::console::println_stdout!("  {line}");
    }
    Ok(())
}
