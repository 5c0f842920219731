//! `ecgfm figures`: curves and forest plots of runs as files for a paper.

use super::named_metrics::read_named_metrics;
use super::print_json;
use crate::args::{FigureForm, FigureWidth, FiguresArgs};
use crate::console::{println_stderr, println_stdout};
use crate::errors::{file_error, of_stage};
use ecgfm_artifacts::atomic::write_bytes;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_report::print_figure::{ColumnWidth, FigureChoice, FigurePrinter, PrintError, PrintFigure};
use serde::Serialize;
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;

/// File of what the figures show.
const CAPTIONS_FILE: &str = "captions.txt";

/// A figure that was written.
#[derive(Serialize)]
struct WrittenFigure<'a> {
    name: &'a str,
    title: &'a str,
    caption: &'a str,
    width_mm: f64,
    height_mm: f64,
    files: Vec<PathBuf>,
}

/// Writes every figure that the runs have.
pub fn figures(args: &FiguresArgs) -> Result<(), Error> {
    let (_, runs) = read_named_metrics(&args.runs)?;
    let choice = FigureChoice {
        width: match args.width {
            FigureWidth::Single => ColumnWidth::Single,
            FigureWidth::Double => ColumnWidth::Double,
        },
        labels: args.labels.clone(),
    };
    let printer = FigurePrinter::new().map_err(as_error)?;
    let set = printer.figures(&runs, &choice).map_err(as_error)?;
    std::fs::create_dir_all(&args.output).map_err(|e| file_error("make", &args.output, &e))?;
    let mut written = Vec::with_capacity(set.figures.len());
    for figure in &set.figures {
        written.push(write_figure(&printer, figure, args)?);
    }
    let captions = write_captions(args, &written)?;
    if args.json {
        let left_out = set.left_out.iter();
        let left_out: Vec<_> = left_out
            .map(|(kind, why)| json!({ "kind": kind, "why": why }))
            .collect();
        return print_json(&json!({ "figures": written, "captions": captions, "left_out": left_out }));
    }
    for figure in &written {
        for file in &figure.files {
            let (width, height) = (figure.width_mm, figure.height_mm);
            println_stdout!("{}: {width:.0} × {height:.0} mm", file.display());
        }
    }
    println_stdout!("{}", captions.display());
    for (kind, why) in &set.left_out {
        println_stderr!("no {kind}: {why}");
    }
    Ok(())
}

fn write_figure<'a>(
    printer: &FigurePrinter,
    figure: &'a PrintFigure,
    args: &FiguresArgs,
) -> Result<WrittenFigure<'a>, Error> {
    let forms = match args.format {
        FigureForm::All => vec![FigureForm::Svg, FigureForm::Pdf, FigureForm::Png],
        form => vec![form],
    };
    let mut files = Vec::with_capacity(forms.len());
    for form in forms {
        let (ending, bytes) = match form {
            FigureForm::Svg | FigureForm::All => ("svg", Ok(printer.svg(figure).into_bytes())),
            FigureForm::Pdf => ("pdf", printer.pdf(figure)),
            FigureForm::Png => ("png", printer.png(figure, args.dpi)),
        };
        let file = args.output.join(format!("{}.{ending}", figure.name));
        write_bytes(&file, &bytes.map_err(as_error)?).map_err(|e| of_stage(&e))?;
        files.push(file);
    }
    let (width_mm, height_mm) = figure.size_mm();
    Ok(WrittenFigure {
        name: &figure.name,
        title: &figure.title,
        caption: &figure.caption,
        width_mm,
        height_mm,
        files,
    })
}

fn write_captions(args: &FiguresArgs, written: &[WrittenFigure<'_>]) -> Result<PathBuf, Error> {
    let mut text = String::new();
    for figure in written {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}: {}\n", figure.name, figure.caption);
    }
    let file = args.output.join(CAPTIONS_FILE);
    write_bytes(&file, text.as_bytes()).map_err(|e| of_stage(&e))?;
    Ok(file)
}

fn as_error(error: PrintError) -> Error {
    let (kind, help) = match &error {
        PrintError::UnknownLabel { .. } => (ErrorKind::Config, None),
        PrintError::TooManyRuns { .. } => (ErrorKind::Config, Some("draw fewer, or each by itself")),
        PrintError::NotScored { .. } => (ErrorKind::BadInput, None),
        PrintError::MissingLetters { .. } => (
            ErrorKind::BadInput,
            Some("ask for `--format svg`, which readers show with a font of their own"),
        ),
        PrintError::TooLarge { .. } => (ErrorKind::StageFailed, Some("give a lower --dpi")),
        PrintError::Typeface(_) => (ErrorKind::StageFailed, None),
    };
    let message = Error::new(kind, error.to_string());
    match help {
        Some(help) => message.help(help),
        None => message,
    }
}
