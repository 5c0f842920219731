//! Parameters of the stages that need libtorch, models by name, and what a model returns, as types without libtorch.
//!
//! The program checks a pipeline's parameters, fingerprints and status with these types alone; only what runs or exports a
//! model links libtorch, which takes longer to load than most stages take to run.

mod card_recipe;
mod device;
mod export;
pub mod golden;
mod infer;
mod known_models;
mod model_card;
mod model_description;
mod model_family;
mod pool;
mod returns;

pub use card_recipe::CardRecipe;
pub use device::{DeviceChoice, DeviceNumbers, UnknownDevice};
pub use export::{ExportParams, PositionalForm};
pub use infer::{
    BatchSize, InferOutput, InferParams, OutputSelection, Precision, SaliencyHeads, SaliencyPer,
};
pub use known_models::KNOWN_MODELS;
pub use model_card::{
    CARD_FORMAT_VERSION, CardError, CardFile, CardLicence, CardOutput, Exporter, LabelNames, ModelCard,
    ModelInput,
};
pub use model_description::{
    DescriptionError, ModelCode, ModelDescription, ModelThresholds, ModelWeights, WeightsFile,
    is_known_model, known_models,
};
pub use model_family::{FamilyMismatch, ModelFamily};
pub use pool::Pool;
pub use returns::{Returns, ValueRange};
