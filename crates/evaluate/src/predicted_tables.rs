//! Writing of predict's tables, in parts: while those of one part are formatted and written, the next one is computed.

use crate::ecgs::{EcgGroups, EcgPool, extend_keys};
use crate::error::{Error, Result};
use crate::predicted_rows::PredictedRows;
use crate::tables::{mapped_table, with_labels};
use crate::thresholds::thresholds_of_pairs;
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::parallel::{ParallelTask, run_parallel};
use ecgfm_artifacts::predictions::{self, PredictionsInfo};
use ecgfm_artifacts::stage::Context;
use ecgfm_artifacts::table;
use polars::prelude::DataFrame;
use std::path::Path;
use std::sync::mpsc::{Receiver, SendError, SyncSender, sync_channel};

/// What the tables are made of.
pub(crate) struct PredictedTables<'a> {
    /// The logits, for messages.
    pub(crate) path: &'a Path,
    pub(crate) rows: &'a PredictedRows<'a>,
    pub(crate) groups: &'a EcgGroups,
    pub(crate) about: &'a PredictionsInfo,
    /// Of the model's labels, in order.
    pub(crate) thresholds: &'a [f64],
}

/// The ways to the writers of the tables.
struct Writers {
    csv: SyncSender<DataFrame>,
    parquet: SyncSender<DataFrame>,
    mapped: Option<SyncSender<DataFrame>>,
    ecgs: SyncSender<DataFrame>,
}

/// A way to a writer, which takes a part as soon as it has written the one before.
fn channel() -> (SyncSender<DataFrame>, Receiver<DataFrame>) {
    sync_channel(0)
}

impl PredictedTables<'_> {
    /// Writes `predictions.csv`, `predictions.parquet`, `mapped.csv` where there is a mapping, and `ecg.csv`.
    pub(crate) fn write(&self, ctx: &Context<'_>) -> Result<()> {
        let (csv, csv_parts) = channel();
        let (parquet, parquet_parts) = channel();
        let (mapped, mapped_parts) = channel();
        let (ecgs, ecg_parts) = channel();
        let has_mapping = self.about.mapping.is_some();
        let writers = Writers {
            csv,
            parquet,
            mapped: has_mapping.then_some(mapped),
            ecgs,
        };
        let mut tasks: Vec<ParallelTask<'_, Error>> = vec![
            Box::new(move || self.compute(ctx, writers)),
            Box::new(|| Ok(predictions::write_csv(ctx.out, csv_parts)?)),
            Box::new(|| Ok(predictions::write_parquet(ctx.out, parquet_parts)?)),
            Box::new(|| Ok(predictions::write_ecg(ctx.out, ecg_parts)?)),
        ];
        if has_mapping {
            tasks.push(Box::new(|| Ok(predictions::write_mapped(ctx.out, mapped_parts)?)));
        }
        run_parallel(tasks)
    }

    /// Computes part after part and hands them on.
    fn compute(&self, ctx: &Context<'_>, writers: Writers) -> Result<()> {
        let names = self.about.labels.names();
        let mut pool = EcgPool::new(self.path, self.groups, &self.about.labels, &names)?;
        let mapping = self.about.mapping.as_ref();
        let of_pairs = |mapping: &Mapping| thresholds_of_pairs(mapping, &self.about.threshold_of);
        let of_pairs = mapping.map(of_pairs).transpose()?.unwrap_or_default();
        for rows in table::row_groups(self.rows.len()) {
            if ctx.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let count = rows.len();
            let segments = self.rows.read(rows.clone())?;
            let pooled = pool.add(rows, &segments)?;
            let mapped = mapping.map(|mapping| mapped_table(&segments, mapping, &of_pairs));
            let segments = with_labels(&segments, &names, self.thresholds)?;
            let keys = self.groups.keys(&self.rows.keys, pooled.ecgs)?;
            let ecgs = extend_keys(&keys, pooled.columns.into_iter())?;
            let ecgs = with_labels(&ecgs, &names, self.thresholds)?;
            if writers.hand_on(segments, mapped.transpose()?, ecgs).is_err() {
                // A writer has ended, and says itself what stopped it.
                return Ok(());
            }
            ctx.progress.advance(count as u64);
        }
        Ok(())
    }
}

impl Writers {
    fn hand_on(
        &self,
        segments: DataFrame,
        mapped: Option<DataFrame>,
        ecgs: DataFrame,
    ) -> std::result::Result<(), SendError<DataFrame>> {
        self.csv.send(segments.clone())?;
        self.parquet.send(segments)?;
        self.ecgs.send(ecgs)?;
        match (&self.mapped, mapped) {
            (Some(writer), Some(part)) => writer.send(part),
            _ => Ok(()),
        }
    }
}
