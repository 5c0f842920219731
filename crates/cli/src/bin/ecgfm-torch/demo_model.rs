//! `ecgfm demo-model`: trains a demo model anew.

use crate::demo;
use ecgfm_cli::args::DemoModelArgs;
use ecgfm_pipeline::{Cancel, Error, ErrorKind};

/// Trains and writes into the directory asked for.
pub fn demo_model(args: &DemoModelArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    let failed = |message: String| Error::new(ErrorKind::StageFailed, message);
    std::fs::create_dir_all(&args.out).map_err(|e| failed(format!("{}: {e}", args.out.display())))?;
    let params = demo::DemoParams {
        network: args.network,
        steps: args.steps,
        batch: args.batch.into(),
        seed: args.seed,
        held_out: args.held_out,
        threads: args.threads.into(),
    };
    let say = |line: &str| {
        if !quiet {
            ecgfm_cli::write_stderr(format_args!("{line}\n"));
        }
    };
    demo::make_demo_model(&params, &args.out, &say, cancel).map_err(Error::from)?;
    for name in [demo::CHECKPOINT, demo::CARD, demo::LOG] {
        ecgfm_cli::write_stdout(format_args!("{}\n", args.out.join(name).display()));
    }
    Ok(())
}
