//! From a pipeline file with its settings to a graph of stages: text, places, references, checked parameters.

pub(crate) mod assignment;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod document;
pub(crate) mod drawing;
pub(crate) mod graph;
pub(crate) mod interpolate;
pub(crate) mod mask;
pub(crate) mod node;
pub(crate) mod order;
pub(crate) mod outputs;
pub(crate) mod paths;
pub(crate) mod pipeline;
pub(crate) mod reference;
pub(crate) mod scalar;
pub(crate) mod shape;
pub(crate) mod source;
pub(crate) mod suggest;
pub(crate) mod yaml;
