//! Files of a run on disk: where its files lie, their hashes and records, how they are put in place and locked.

pub(crate) mod checksum;
pub(crate) mod files;
pub(crate) mod journal;
pub(crate) mod layout;
pub(crate) mod lock_file;
pub(crate) mod outputs_on_disk;
pub(crate) mod publish;
pub(crate) mod record;
pub(crate) mod run_lock;
pub(crate) mod sample;
pub(crate) mod stage_chunks;
pub(crate) mod walk;
