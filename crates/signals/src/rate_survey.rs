//! A look at some recordings before all are processed: whether the sample rate that is stated fits the signal.
//!
//! All recordings of a small dataset are looked at, and some of a large one, spread evenly: that is enough to judge the
//! dataset, at a small part of the time that the stage takes. Recordings of one dataset and one stated rate are judged
//! together, as a directory may hold recordings of many rates.

use crate::error::{Error, Result};
use crate::exam_reader::ExamReader;
use crate::quality_flags::QualityFlag;
use crate::warnings::ArchiveWarning;
use ecgfm_archives::LocatedExam;
use ecgfm_artifacts::quality::QualityCheck;
use ecgfm_artifacts::recipe::Scratch;
use ecgfm_artifacts::recipe::beats::BeatTiming;
use ecgfm_artifacts::recipe::excerpt::Excerpt;
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::recipe::mains::{MainsFinder, MainsLine};
use ecgfm_artifacts::recipe::rate_check::{BetterRate, HEART_RATES, RateEvidence, find_better_rate};
use ecgfm_artifacts::recordings::{Recording, Samples};
use ecgfm_artifacts::stage::Cancel;
use std::collections::{BTreeMap, HashMap};

/// The most recordings of a dataset that are looked at.
const MOST: usize = 256;

/// Dataset and the bits of the rate that is stated: what is judged together.
type Group = (String, u64);

/// Findings of the look.
#[derive(Default)]
pub(crate) struct RateSurvey {
    /// Flags of the recordings that were looked at, by row of the table.
    flags: HashMap<usize, Vec<QualityFlag>>,
    /// Rates that are not what is stated.
    better: BTreeMap<Group, BetterRate>,
    /// Warnings about archives.
    pub(crate) warnings: Vec<ArchiveWarning>,
}

/// A recording that was looked at.
struct SurveyedExam<'a> {
    exam: &'a LocatedExam,
    sample_rate: f64,
    evidence: RateEvidence,
}

impl RateSurvey {
    /// Looks at some of `exams`. What cannot be read is left out.
    ///
    /// # Errors
    /// A fault of the system; interruption.
    pub(crate) fn new(
        reader: &ExamReader<'_>,
        exams: &[LocatedExam],
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Self> {
        let some = spread(reader, exams);
        let surveyed = on_all(&some, threads, cancel, |exam, workspace: &mut SurveyWorkspace| {
            let Some((sample_rate, samples)) = workspace.read(reader, exam)? else {
                return Ok(None);
            };
            let evidence = workspace.measure(sample_rate, samples);
            Ok(Some(SurveyedExam {
                exam,
                sample_rate,
                evidence,
            }))
        })?;
        let mut groups = BTreeMap::<Group, Vec<SurveyedExam<'_>>>::new();
        for one in surveyed.into_iter().flatten() {
            let group = group_of(reader, one.exam, one.sample_rate);
            groups.entry(group).or_default().push(one);
        }
        let mut survey = Self::default();
        for (group, exams) in groups {
            survey.judge(reader, group, &exams, (threads, cancel))?;
        }
        Ok(survey)
    }

    /// Judges recordings of one dataset and one stated rate.
    fn judge(
        &mut self,
        reader: &ExamReader<'_>,
        group: Group,
        exams: &[SurveyedExam<'_>],
        (threads, cancel): (usize, &Cancel),
    ) -> Result<()> {
        let stated = f64::from_bits(group.1);
        let evidence: Vec<RateEvidence> = exams.iter().map(|one| one.evidence).collect();
        let better = find_better_rate(stated, &evidence, |rates| {
            let exams: Vec<&LocatedExam> = exams.iter().map(|one| one.exam).collect();
            let timings = on_all(
                &exams,
                threads,
                cancel,
                |exam, workspace: &mut SurveyWorkspace| {
                    let read = workspace.read(reader, exam)?;
                    let at = |rate: &u32| BeatTiming::measure(&workspace.excerpt, f64::from(*rate));
                    Ok(match read {
                        Some(_) => rates.iter().map(at).collect(),
                        None => vec![None; rates.len()],
                    })
                },
            )?;
            let by_rate = |rate: usize| timings.iter().map(|all: &Vec<_>| all[rate]).collect();
            Ok::<_, Error>((0..rates.len()).map(by_rate).collect())
        })?;
        let mut counts = BTreeMap::new();
        for one in exams {
            let flags = flags_of(&one.evidence, stated);
            flags
                .iter()
                .for_each(|flag| *counts.entry(flag.check).or_insert(0) += 1);
            if !flags.is_empty() {
                self.flags.insert(one.exam.idx, flags);
            }
        }
        match better {
            Some(better) => {
                self.warnings.push(ArchiveWarning::sample_rate(&group.0, &better));
                self.better.insert(group, better);
            }
            None => {
                self.warnings
                    .extend(counts.into_iter().filter_map(|(check, flagged)| {
                        ArchiveWarning::most(&group.0, check, flagged, exams.len())
                    }))
            }
        }
        Ok(())
    }

    /// Flags of a recording of `samples` (sample-major, without padding). In an archive whose rate is wrong all are looked
    /// at.
    pub(crate) fn flags<S: ecgfm_artifacts::recipe::sample::Sample>(
        &self,
        reader: &ExamReader<'_>,
        exam: &LocatedExam,
        (samples, sample_rate): (&[S], f64),
        finder: &mut MainsFinder,
    ) -> Vec<QualityFlag> {
        let known = self.flags.get(&exam.idx).cloned();
        let group = (!self.better.is_empty()).then(|| group_of(reader, exam, sample_rate));
        let Some((group, better)) = group.and_then(|group| self.better.get_key_value(&group)) else {
            return known.unwrap_or_default();
        };
        let mut flags = known.unwrap_or_else(|| {
            let excerpt = Excerpt::new(samples, sample_rate);
            flags_of(
                &measure(&excerpt, sample_rate, samples.len() / leads::COUNT, finder),
                sample_rate,
            )
        });
        flags.push(QualityFlag::of_recording(
            QualityCheck::SampleRate,
            sample_rate as f32,
            format!("recordings of {} fit {} Hz better", group.0, better.sample_rate),
        ));
        flags
    }
}

/// Some exams of every dataset, spread evenly.
fn spread<'a>(reader: &ExamReader<'_>, exams: &'a [LocatedExam]) -> Vec<&'a LocatedExam> {
    let mut datasets = BTreeMap::<&str, Vec<&LocatedExam>>::new();
    for exam in exams {
        datasets
            .entry(reader.archive.dataset(exam.idx))
            .or_default()
            .push(exam);
    }
    let some = datasets.into_values().flat_map(|exams| {
        let step = exams.len().div_ceil(MOST).max(1);
        exams.into_iter().step_by(step)
    });
    some.collect()
}

fn group_of(reader: &ExamReader<'_>, exam: &LocatedExam, sample_rate: f64) -> Group {
    (reader.archive.dataset(exam.idx).to_owned(), sample_rate.to_bits())
}

/// Flags of one recording by itself.
fn flags_of(evidence: &RateEvidence, sample_rate: f64) -> Vec<QualityFlag> {
    let mut flags = Vec::new();
    let heart_rate = evidence.timing.map(|timing| timing.heart_rate);
    if let Some(heart_rate) = heart_rate.filter(|rate| !HEART_RATES.contains(rate)) {
        let (slowest, fastest) = (HEART_RATES.start(), HEART_RATES.end());
        let detail = format!("no heart beats less than {slowest} or more than {fastest} times a minute");
        flags.push(QualityFlag::of_recording(
            QualityCheck::HeartRate,
            heart_rate as f32,
            detail,
        ));
    }
    if let MainsLine::Displaced {
        frequency,
        sample_rate: better,
        mains,
    } = evidence.mains
    {
        let detail = format!(
            "a line at {frequency:.1} Hz; read at {better} Hz instead of {sample_rate} it would be the mains' {mains} Hz"
        );
        flags.push(QualityFlag::of_recording(
            QualityCheck::MainsFrequency,
            frequency as f32,
            detail,
        ));
    }
    flags
}

fn measure(excerpt: &Excerpt, sample_rate: f64, samples: usize, finder: &mut MainsFinder) -> RateEvidence {
    RateEvidence {
        timing: BeatTiming::measure(excerpt, sample_rate),
        mains: finder.find(excerpt, sample_rate),
        samples,
    }
}

/// Buffers of one worker.
#[derive(Default)]
struct SurveyWorkspace {
    recording: Recording,
    scratch: Scratch,
    excerpt: Excerpt,
    finder: MainsFinder,
}

impl SurveyWorkspace {
    /// Reads a recording and takes the middle out of it; its rate and number of samples without padding. None where it
    /// cannot be read.
    fn read(&mut self, reader: &ExamReader<'_>, exam: &LocatedExam) -> Result<Option<(f64, usize)>> {
        let recording = &mut self.recording;
        if reader.read(exam, recording)?.is_err() {
            return Ok(None);
        }
        let rate = recording.sample_rate;
        let recipe = reader.first_recipe(exam);
        macro_rules! take {
            ($samples:ident) => {{
                let Ok(trimmed) = recipe.trim($samples, rate, &mut self.scratch) else {
                    return Ok(None);
                };
                let kept = trimmed.kept();
                let values = &$samples[kept.start * leads::COUNT..kept.end * leads::COUNT];
                self.excerpt.fill(values, rate);
                kept.len()
            }};
        }
        let samples = match &recording.samples {
            Samples::Float32(samples) => take!(samples),
            Samples::Float64(samples) => take!(samples),
        };
        Ok(Some((rate, samples)))
    }

    fn measure(&mut self, sample_rate: f64, samples: usize) -> RateEvidence {
        measure(&self.excerpt, sample_rate, samples, &mut self.finder)
    }
}

/// Does something for every exam, in threads that have a workspace each; results in the order of the exams.
fn on_all<'a, W: Default, T: Send>(
    exams: &[&'a LocatedExam],
    threads: usize,
    cancel: &Cancel,
    work: impl Fn(&'a LocatedExam, &mut W) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let share = exams.len().div_ceil(threads.max(1)).max(1);
    let run = |some: &[&'a LocatedExam]| {
        let mut workspace = W::default();
        let one = |exam: &&'a LocatedExam| match cancel.is_cancelled() {
            true => Err(Error::Interrupted),
            false => work(exam, &mut workspace),
        };
        some.iter().map(one).collect::<Result<Vec<T>>>()
    };
    let done: Vec<Result<Vec<T>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = exams
            .chunks(share)
            .map(|some| scope.spawn(|| run(some)))
            .collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, _>| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().map(join).collect()
    });
    let mut all = Vec::with_capacity(exams.len());
    for some in done {
        all.extend(some?);
    }
    Ok(all)
}
