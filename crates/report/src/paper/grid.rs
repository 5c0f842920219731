//! The paper itself: a line every millimetre, a stronger one every five.

use super::layout::{Layout, MARGIN};

/// The ground with its grid, which begins and ends on strong lines where the paper's size allows.
pub(super) fn draw_grid(layout: &Layout, id: &str) -> String {
    let (inner_width, inner_height) = (layout.width - 2.0 * MARGIN, layout.paper_bottom - MARGIN);
    format!(
        "<defs><pattern id=\"{id}-mm\" width=\"1\" height=\"1\" patternUnits=\"userSpaceOnUse\" x=\"{MARGIN}\" y=\"{MARGIN}\">\
         <path class=\"paper-thin\" d=\"M0 0H1M0 0V1\"/></pattern>\
         <pattern id=\"{id}-cm\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" x=\"{MARGIN}\" y=\"{MARGIN}\">\
         <rect width=\"5\" height=\"5\" fill=\"url(#{id}-mm)\"/><path class=\"paper-thick\" d=\"M0 0H5M0 0V5\"/></pattern></defs>\
         <rect class=\"paper-ground\" width=\"100%\" height=\"100%\"/>\
         <rect fill=\"url(#{id}-cm)\" x=\"{MARGIN}\" y=\"{MARGIN}\" width=\"{inner_width}\" height=\"{inner_height}\"/>"
    )
}
