//! The ecgfm command
