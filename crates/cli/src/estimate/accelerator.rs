//! What GPUs would change, for models of which a rate is known.

use super::measure::MeasuredRun;
use super::run_estimate::{RunEstimate, StageEstimate};
use crate::number_format::format_duration;

/// Family and sizes, in parameters, of the model whose rate is known.
const FAMILY: &str = "ecg_fm";
const PARAMETERS: std::ops::RangeInclusive<u64> = 80_000_000..=100_000_000;
/// Segments a second of ECG-FM in bfloat16 on one H100: the lower end of an estimate from its operations; not measured.
const SEGMENTS_A_SECOND: f64 = 11_000.0;
/// Seconds from which more than one GPU is worth a thought.
const LONG: f64 = 3600.0;

/// A sentence on GPUs; none where no rate of the model is known.
pub fn advise(run: &RunEstimate, measured: &[MeasuredRun]) -> Option<String> {
    let is_known = |stage: &&StageEstimate| {
        let mut models = measured
            .iter()
            .filter_map(|run| run.stages.get(&stage.stage)?.model.as_ref());
        stage.kind == "infer"
            && models
                .next_back()
                .is_some_and(|(parameters, family)| family == FAMILY && PARAMETERS.contains(parameters))
    };
    let known: Vec<&StageEstimate> = run.stages.iter().filter(is_known).collect();
    let segments: u64 = known.iter().filter_map(|stage| stage.items).sum();
    if segments == 0 {
        return None;
    }
    let here: f64 = known.iter().filter_map(|stage| stage.seconds).sum();
    let there = segments as f64 / SEGMENTS_A_SECOND;
    let rest = run.seconds - here;
    let more = match there {
        there if there < rest => "more of them are pointless, the other stages take longer",
        there if there < LONG => "eight of them are pointless",
        _ => "several divide it (docs/cluster.md)",
    };
    let there = match there < 60.0 {
        true => "less than a minute".to_owned(),
        false => format!("about {}", format_duration(there)),
    };
    Some(format!(
        "one H100 would take {there} for infer in bfloat16 (by an estimate, not measured); {more}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::measure::MeasuredStage;

    fn advice(segments: u64, parameters: u64, other_seconds: f64) -> Option<String> {
        let stage = |name: &str, seconds, items| StageEstimate {
            stage: name.to_owned(),
            kind: name.to_owned(),
            seconds: Some(seconds),
            items,
            ..StageEstimate::default()
        };
        let run = RunEstimate {
            stages: vec![
                stage("signals", other_seconds, None),
                stage("infer", 1e5, Some(segments)),
            ],
            seconds: 1e5 + other_seconds,
            ..RunEstimate::default()
        };
        let mut measured = MeasuredRun::default();
        let model = Some((parameters, FAMILY.to_owned()));
        measured.stages.insert(
            "infer".to_owned(),
            MeasuredStage {
                model,
                ..MeasuredStage::default()
            },
        );
        advise(&run, &[measured])
    }

    #[test]
    fn gpus_are_advised_for_a_known_size_only() {
        assert_eq!(advice(1_000_000, 300_000, 1.0), None);
        let few = advice(200, 90_000_000, 1.0).unwrap();
        assert!(
            few.contains("less than a minute") && few.contains("pointless, the other"),
            "{few}"
        );
        let many = advice(20_000_000, 90_000_000, 60.0).unwrap();
        assert!(
            many.contains("about 30 min") && many.contains("eight of them are pointless"),
            "{many}"
        );
        let most = advice(400_000_000, 90_000_000, 60.0).unwrap();
        assert!(most.contains("several divide it"), "{most}");
    }
}
