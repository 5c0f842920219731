//! The demo model that is part of the program.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// File name of the demo model's checkpoint.
pub const DEMO_CHECKPOINT: &str = "demo.pt";
/// File name of the demo model's card.
pub const DEMO_CARD: &str = "demo.md";

/// The checkpoint that `just demo-model` left.
pub const BUNDLED_CHECKPOINT: &[u8] = include_bytes!("../../../../models/demo/demo.pt");
/// Number of the demo model's labels.
pub(super) const DEMO_LABELS: u64 = 26;
/// The bundled checkpoint's card.
pub(super) const BUNDLED_CARD: &str = include_str!("../../../../models/demo/demo.md");

/// Parameters of the stage `demo_model`: none.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoModel {}
