//! Makes a stage function of typed parameters a stage kind of the engine.

use crate::parameters::check_bounds;
use crate::torch;
use ecgfm_pipeline::{
    CodeChange, LookAheadContext, LookAheadFindings, NamedOrPath, OutputSpec, ParamError, StageKind,
    canonical_params, parse_params,
};
use ecgfm_stage::{Context, FailureClass, Outcome, StageError, StageFailure};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::path::PathBuf;

/// Further facts for the fingerprint, out of the typed parameters.
pub type ExtraFacts<P> = fn(&P) -> Result<Vec<(String, String)>, StageError>;

/// A stage function and what the engine must know about it.
pub struct StageBinding<P> {
    /// Name in `uses:`.
    pub name: &'static str,
    /// Purpose of the stage in a line.
    pub about: &'static str,
    /// Raised when the same inputs would give other outputs.
    pub version: u32,
    /// Changes that each version from the second on made to the outputs.
    pub changes: &'static [CodeChange],
    /// Outputs of the stage.
    pub outputs: &'static [OutputSpec],
    /// Parameters that are paths.
    pub inputs: &'static [&'static str],
    /// Parameters that cannot change what the stage leaves: no part of the fingerprint.
    pub idle: &'static [&'static str],
    /// Mappings each of whose entries makes outputs of its own; see [`StageKind::separate_parameters`].
    pub separate: &'static [&'static str],
    /// Inputs that no parameter names; see [`StageKind::further_inputs`].
    pub further: FurtherInputs<P>,
    /// Parameters whose content the outputs only point at; see [`StageKind::points_at`].
    pub points_at: fn(&P) -> &'static [&'static str],
    /// Outputs that it makes again to the byte, which `clean` may remove; see [`StageKind::made_again`].
    pub made_again: fn(&P) -> Vec<String>,
    /// Parameters that are a name or a path.
    pub named: &'static [NamedOrPath],
    /// Values that the types allow and the stage does not.
    pub check: fn(&P) -> Result<(), ParamError>,
    /// Checks before the first stage runs.
    pub look_ahead: fn(&P, &LookAheadContext<'_>) -> LookAheadFindings,
    /// Facts beyond parameters and inputs.
    pub extra: ExtraFacts<P>,
    /// Set where the stage works in chunks.
    pub chunked: bool,
    /// The stage itself.
    pub run: fn(&P, &Context<'_>) -> Result<Outcome, StageError>,
}

/// Files and directories with what leads there, out of the typed parameters.
pub type FurtherInputs<P> = fn(&P) -> Vec<(&'static str, PathBuf)>;

/// A stage that reads nothing but what its parameters name.
pub fn no_further_inputs<P>(_: &P) -> Vec<(&'static str, PathBuf)> {
    Vec::new()
}

/// Outputs that hold all that is needed of the inputs.
pub fn holds_all_inputs<P>(_: &P) -> &'static [&'static str] {
    &[]
}

/// No outputs that `clean` may remove.
pub fn nothing_made_again<P>(_: &P) -> Vec<String> {
    Vec::new()
}

/// The error of parameters that are refused as a whole: a fault of the configuration, unless the system did not let them be checked.
pub fn refused_parameters(error: &(impl StageFailure + 'static)) -> ParamError {
    let refused = ParamError::invalid("", format!("are refused: {error}"));
    let error = StageError::of(error);
    match (error.class, error.help) {
        (class @ (FailureClass::Failed | FailureClass::TryAgain), help) => {
            let refused = refused.of_class(class);
            match help {
                Some(help) => refused.help(help),
                None => refused,
            }
        }
        _ => refused,
    }
}

/// Nothing further to check.
pub fn no_check<P>(_: &P) -> Result<(), ParamError> {
    Ok(())
}

/// Nothing further for the fingerprint.
pub fn no_extra_facts<P>(_: &P) -> Result<Vec<(String, String)>, StageError> {
    Ok(Vec::new())
}

impl<P: DeserializeOwned + Serialize + JsonSchema> StageKind for StageBinding<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn changes(&self) -> &'static [CodeChange] {
        self.changes
    }

    fn outputs(&self) -> &'static [OutputSpec] {
        self.outputs
    }

    fn inputs(&self) -> &'static [&'static str] {
        self.inputs
    }

    fn parameters(&self) -> Value {
        let settings = SchemaSettings::draft07().with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        });
        settings.into_generator().into_root_schema_for::<P>().to_value()
    }

    fn idle_parameters(&self) -> &'static [&'static str] {
        self.idle
    }

    fn separate_parameters(&self) -> &'static [&'static str] {
        self.separate
    }

    fn further_inputs(&self, with: &Value) -> Vec<(&'static str, PathBuf)> {
        parse_params(with).map_or_else(|_| Vec::new(), |params| (self.further)(&params))
    }

    fn points_at(&self, with: &Value) -> &'static [&'static str] {
        parse_params(with).map_or(&[], |params| (self.points_at)(&params))
    }

    fn made_again(&self, with: &Value) -> Vec<String> {
        parse_params(with).map_or_else(|_| Vec::new(), |params| (self.made_again)(&params))
    }

    fn names_or_paths(&self) -> &'static [NamedOrPath] {
        self.named
    }

    fn look_ahead(&self, with: &Value, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
        // What does not fit its type was refused before.
        parse_params(with).map_or_else(
            |_| LookAheadFindings::default(),
            |params| (self.look_ahead)(&params, ahead),
        )
    }

    fn check(&self, with: &Value) -> Result<Value, ParamError> {
        (self.check)(&parse_params::<P>(with)?)?;
        let canonical = canonical_params::<P>(with)?;
        check_bounds(&self.parameters(), &canonical)?;
        Ok(canonical)
    }

    fn extra(&self, with: &Value) -> Result<Vec<(String, String)>, StageError> {
        (self.extra)(&stage_params(with)?)
    }

    fn chunked(&self) -> bool {
        self.chunked
    }

    fn versions(&self) -> Vec<(String, String)> {
        let torch = torch::registered_torch().filter(|_| torch::needs_libtorch(self.name));
        torch
            .map(|torch| ("libtorch".to_owned(), torch.version()))
            .into_iter()
            .collect()
    }

    fn run(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        (self.run)(&stage_params(with)?, ctx)
    }
}

fn stage_params<P: DeserializeOwned>(with: &Value) -> Result<P, StageError> {
    parse_params(with).map_err(|e| StageError::config(e.to_string()))
}
