//! The program `ecgfm`: arguments in, exit code out. It binds the engine to the stage crates and does no work itself.
//!
//! It comes in two halves, `ecgfm` and `ecgfm-torch`: see [`torch`].

#![allow(unreachable_pub)] // A program: nothing but `main` is for others.

// Its comments are help texts for a terminal, where `<name>` is no tag.
#[allow(
    rustdoc::invalid_html_tags,
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links
)]
pub mod args;
mod commands;
mod console;
pub mod errors;
mod estimate;
mod exit;
mod failure;
mod interrupt;
pub mod kinds;
mod number_format;
mod observer;
mod out_of_memory;
mod parameters;
mod pipelines;
mod results;
mod run_log;
mod schema;
pub mod torch;
mod version;

pub use commands::print_json;
pub use console::{write_stderr, write_stdout};

use args::{Cli, Command};
use clap::Parser;
use clap::error::ErrorKind as ClapErrorKind;
use ecgfm_formats::{code15, isolated};
use ecgfm_pipeline::Cancel;
use failure::CommandFailure;

/// Parses the command line, does what it says, and ends the program with its exit code. `torch` is what libtorch is needed
/// for, where the program links it.
pub fn main(torch: Option<&'static dyn torch::TorchHalf>) -> ! {
    if let Some(torch) = torch {
        torch::register_torch(torch);
    }
    exit::flush_and_exit(run_command_line())
}

/// First argument of the process that opens an HDF5 file for this program; no command of the user.
const OPEN_HDF5: &str = "__open-hdf5";

fn run_command_line() -> u8 {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == OPEN_HDF5) {
        out_of_memory::set_exit_code(isolated::OUT_OF_MEMORY);
        return code15::serve_part(arguments);
    }
    isolated::enable_isolation(OPEN_HDF5);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            return arguments_refused(&error);
        }
    };
    start_logging(&cli);
    silence_panics_of_stages();
    let cancel = interrupt::handle_signals();
    if let Some(torch) = torch::registered_torch() {
        torch.load_devices();
    }
    let outcome = run_command(&cli, &cancel);
    if let Some(torch) = torch::registered_torch() {
        tracing::debug!("{}", torch.devices());
    }
    match outcome {
        Ok(()) => 0,
        Err(failure) => failure.report(cli.command.json()),
    }
}

/// Help and version are no failure.
fn arguments_refused(error: &clap::Error) -> u8 {
    if error.kind() == ClapErrorKind::DisplayVersion {
        console::println_stdout!("{}", version::version_text());
        return 0;
    }
    let _ = error.print();
    let help = error.kind() == ClapErrorKind::DisplayHelp;
    if !help && std::env::args_os().any(|argument| argument == "--json") {
        failure::report_wrong_arguments(&error.to_string());
    }
    if help { 0 } else { 2 }
}

fn run_command(cli: &Cli, cancel: &Cancel) -> Result<(), CommandFailure> {
    let quiet = cli.quiet;
    let done = match &cli.command {
        Command::Run(args) => {
            return match args.shard {
                Some(share) => commands::share::run_share(args, share, quiet, cancel),
                None => commands::run::run(args, quiet, cancel),
            };
        }
        Command::Status(args) => return commands::run::status(args),
        Command::Missing(args) => return commands::share::missing(args),
        Command::Submit(args) => return commands::submit::submit(args),
        Command::Accept(args) => return commands::accept::accept(args),
        Command::Clean(args) => return commands::clean::clean(args),
        Command::Graph(args) => return commands::run::graph(args),
        Command::Doctor(args) => return commands::doctor::doctor(args),
        Command::Verify(args) => return commands::verify::verify(args, quiet, cancel),
        Command::Predict(args) => return commands::predict::predict(args, quiet, cancel),
        Command::Sensitivity(args) => commands::sensitivity::sensitivity(args, quiet, cancel),
        Command::Init(args) => commands::init::init(args),
        Command::List(args) => commands::list::list(args),
        Command::Stage(args) => commands::stage::stage(args, quiet, cancel),
        Command::Synth(args) => commands::stage::synth(args, quiet, cancel),
        Command::DemoModel(args) => torch::require_torch()?.demo_model(args, quiet, cancel),
        Command::Kinds(args) => commands::kinds::kinds(args),
        Command::Show(args) => commands::show::show(args),
        Command::Schema(_) => commands::schema::schema(),
        Command::Export(args) => torch::require_torch()?.export_command(args),
        Command::Inspect(args) => commands::inspect::inspect(args),
        Command::Plot(args) => commands::plot::plot(args),
        Command::Convert(args) => commands::convert::convert(args),
        Command::Compare(args) => commands::compare::compare(args),
        Command::Completions(args) => commands::terminal::completions(args),
        Command::Man(args) => commands::terminal::man(args),
        Command::Table(args) => commands::table::table(args),
        Command::Figures(args) => commands::figures::figures(args),
        Command::View(args) => commands::view::view(args, quiet, cancel),
        Command::Sources(args) => commands::sources::sources(args),
        Command::Fetch(args) => commands::fetch::fetch(args, quiet, cancel),
    };
    Ok(done?)
}

fn start_logging(cli: &Cli) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("ECGFM_LOG").unwrap_or_else(|_| level.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(console::colours_on_stderr())
        .without_time()
        .log_internal_errors(false) // It would panic where standard error is gone.
        .init();
}

/// A stage that panics is reported as a bug by the engine; the default message would come on top of that.
fn silence_panics_of_stages() {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|panic| tracing::debug!("{panic}")));
    }
}
