//! What can be wrong with what a later stage reads.
