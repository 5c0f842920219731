//! The `ecgfm` command with libtorch: what `ecgfm` becomes where a model is exported, run or trained.

#![allow(unreachable_pub)] // A program: nothing but `main` is for others.

mod demo;
mod demo_model;
mod described;
mod export;

use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_cli::args;
use ecgfm_cli::torch::TorchHalf;
use ecgfm_formats::pt::WeightsFile;
use ecgfm_pipeline::{Cancel, Error, StageError};
use ecgfm_stage_params::{ExportParams, InferParams};
use serde_json::{Value, json};

struct Linked;

impl TorchHalf for Linked {
    fn version(&self) -> String {
        ecgfm_infer::version::loaded_version().unwrap_or_else(|| "unknown".to_owned())
    }

    fn load_devices(&self) {
        ecgfm_infer::cuda::load_cuda();
    }

    fn devices(&self) -> String {
        ecgfm_infer::cuda::describe_loaded()
    }

    fn export(&self, params: &ExportParams, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        export::run_stage(params, ctx)
    }

    fn infer(&self, params: &InferParams, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        ecgfm_infer::run(params, ctx).map_err(StageError::from)
    }

    fn export_command(&self, args: &args::ExportArgs) -> Result<(), Error> {
        export::run_command(args)
    }

    fn demo_model(&self, args: &args::DemoModelArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
        demo_model::demo_model(args, quiet, cancel)
    }

    fn network(&self, weights: &WeightsFile) -> Value {
        match ecgfm_model::find_network(weights, None) {
            Ok(network) => network.sizes(),
            Err(error) => json!(error.to_string()),
        }
    }
}

fn main() {
    ecgfm_cli::main(Some(&Linked))
}
