//! A chart with its file and caption.

use crate::svg::Chart;

/// A figure and where it is kept.
pub(crate) struct Figure {
    /// File name inside `plots/`.
    pub(crate) file: String,
    /// The chart.
    pub(crate) chart: Chart,
    /// Its numbers in words, for the page, which explains each kind of chart once.
    pub(crate) caption: String,
}
