//! XML of devices, read with suspicion: no entities but the predefined ones and numbers of characters, no external files, a
//! bounded number and depth of elements, and repairs of what devices forget to escape.

mod entities;
mod scan;
mod tree;

pub(crate) use entities::escape;
pub(crate) use scan::declared_encoding;
pub(crate) use tree::{XmlNode, XmlTree};
