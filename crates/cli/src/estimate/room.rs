//! Room on disk that a run takes.

use super::run_estimate::{RunEstimate, StageEstimate};
use crate::number_format::format_size;
use ecgfm_pipeline::{Error, ErrorKind, LockFile};

/// A run is refused where not even this share of the estimate is free. A few exams say how large the others are, and not exactly.
const CERTAIN_SHARE: f64 = 0.5;

/// The most room that is taken at a time, beyond what is taken now: a stage's outputs take the place of those of the last run when they are
/// complete, and `infer` puts its chunks together.
pub fn peak_bytes(stages: &[StageEstimate], lock: &LockFile) -> u64 {
    let (mut taken, mut peak) = (0_i128, 0_i128);
    for stage in stages {
        let writes = i128::from(stage.writes_bytes.unwrap_or_default());
        let at_a_time = if stage.kind == "infer" { 2 * writes } else { writes };
        peak = peak.max(taken + at_a_time);
        let before = lock
            .stages
            .get(&stage.stage)
            .filter(|record| record.cleaned.is_none());
        let before: u64 = before.map_or(0, |record| record.outputs.values().map(|file| file.size).sum());
        taken += writes - i128::from(before);
    }
    u64::try_from(peak).unwrap_or(0)
}

/// The error of a run for which there is certainly not enough room.
pub fn refuse_room(run: &RunEstimate) -> Option<Error> {
    let free = run.free_bytes?;
    if (run.needs_bytes as f64 * CERTAIN_SHARE) < free as f64 {
        return None;
    }
    let dir = std::path::absolute(&run.run_dir).unwrap_or_else(|_| run.run_dir.clone());
    let (needs, free) = (format_size(run.needs_bytes), format_size(free));
    let message = format!(
        "the run needs about {needs} in {}, and {free} are free there",
        dir.display()
    );
    let help = "free disk space, or name a directory on another disk with --workdir; `signals.store=view` writes no samples";
    Some(Error::new(ErrorKind::TryAgain, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(kind: &str, bytes: u64) -> StageEstimate {
        StageEstimate {
            stage: kind.to_owned(),
            kind: kind.to_owned(),
            writes_bytes: Some(bytes),
            ..StageEstimate::default()
        }
    }

    #[test]
    fn the_most_room_is_that_of_the_fullest_moment() {
        let stages = [writes("signals", 100), writes("infer", 30), writes("report", 1)];
        assert_eq!(peak_bytes(&stages, &LockFile::default()), 160);
        assert_eq!(peak_bytes(&[], &LockFile::default()), 0);
    }

    #[test]
    fn only_a_certain_lack_is_refused() {
        let run = |needs_bytes, free_bytes| RunEstimate {
            needs_bytes,
            free_bytes,
            ..RunEstimate::default()
        };
        assert!(refuse_room(&run(100, Some(51))).is_none());
        assert!(refuse_room(&run(1000, None)).is_none());
        let refused = refuse_room(&run(100 << 30, Some(10 << 30))).unwrap();
        assert_eq!(refused.kind(), ErrorKind::TryAgain);
        assert!(refused.message().contains("100 GiB") && refused.message().contains("10.0 GiB"));
    }
}
