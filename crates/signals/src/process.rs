//! One exam: read its recording, apply every recipe, judge the results.

use crate::error::{Error, Result};
use crate::exam_reader::ExamReader;
use crate::faults::{find_fault, reason_of_refusal};
use crate::kept::{ExamOutcome, KeptExam, Measurements};
use crate::measured::StoredSample;
use crate::on_bad::Action;
use crate::params::Params;
use crate::policy::{self, Policy};
use crate::quality_flags::{self, QualityFlag};
use crate::rate_survey::RateSurvey;
use crate::recipes::StoreTarget;
use crate::step_inputs::StepInputs;
use crate::store_writer::StorePartWriter;
use ecgfm_archives::{Archive, LocatedExam};
use ecgfm_artifacts::recipe::mains::MainsFinder;
use ecgfm_artifacts::recipe::steps::{ModelInput, RecipeForm, SegmentRecipe, Workspace};
use ecgfm_artifacts::recipe::{Result as RecipeResult, Scratch, leads};
use ecgfm_artifacts::recordings::{Recording, Samples};
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::store::withheld_leads;
use std::ops::Range;

/// Everything that the work on one exam depends on.
#[derive(Clone, Copy)]
pub(crate) struct ExamProcessor<'a> {
    pub(crate) params: &'a Params,
    pub(crate) policy: Policy,
    pub(crate) targets: &'a [StoreTarget],
    pub(crate) archive: &'a dyn Archive,
    pub(crate) reader: ExamReader<'a>,
    pub(crate) survey: &'a RateSurvey,
}

/// Buffers of one worker.
#[derive(Default)]
pub(crate) struct Buffers {
    recording: Recording,
    /// The recording in the leads of one recipe, where others want other ones.
    copy: Recording,
    scratch: Scratch,
    finder: MainsFinder,
    work: Workspace,
}

/// Judgement of a recording before the steps of a recipe are applied.
enum Judged {
    Rejected(Reason, String),
    /// ECG-FM's recipe: its segments are stored.
    Stored(KeptExam),
    /// Any other: its segments are to be made.
    ToMake(KeptExam),
}

/// An exam's recording in the standard leads, for one recipe.
#[derive(Clone, Copy)]
struct ArrangedExam<'a> {
    exam: &'a LocatedExam,
    recording: &'a Recording,
    recipe: &'a SegmentRecipe,
}

/// Flags that are the same for all recipes of an exam: those of its file, and those of its rate once they are found.
struct SharedFlags {
    of_file: Vec<QualityFlag>,
    of_rate: Option<Vec<QualityFlag>>,
}

impl ExamProcessor<'_> {
    /// Processes one exam: the outcome by each recipe, whose part of the store is in `parts`. Errors are the store's and the
    /// system's; what is wrong with the exam makes it [`ExamOutcome::Rejected`].
    pub(crate) fn process(
        &self,
        exam: &LocatedExam,
        parts: &mut [StorePartWriter<'_>],
        buffers: &mut Buffers,
    ) -> Result<Vec<ExamOutcome>> {
        let Buffers {
            recording,
            copy,
            scratch,
            finder,
            work,
        } = buffers;
        if let Err(detail) = self.reader.read_file(exam, recording)? {
            let reject = |_| self.reject(exam, Reason::UnreadableTracing, detail.clone());
            return self.targets.iter().map(reject).collect();
        }
        let mut shared = SharedFlags {
            of_file: quality_flags::of_file(recording),
            of_rate: None,
        };
        let padded = self.archive.is_zero_padded(exam.location.file);
        let (mut outcomes, mut inputs) = (Vec::with_capacity(parts.len()), StepInputs::default());
        for (number, target) in self.targets.iter().enumerate() {
            let recipe = target.recipes.of(padded);
            let arranged = match number + 1 == self.targets.len() || recording.has_standard_leads() {
                true => &mut *recording,
                false => {
                    copy.clone_from(recording);
                    &mut *copy
                }
            };
            let judged = self.judge(
                (exam, recipe),
                arranged,
                &mut shared,
                &mut parts[number],
                (scratch, finder),
            )?;
            outcomes.push(match judged {
                Judged::Rejected(reason, detail) => Some(self.reject(exam, reason, detail)?),
                Judged::Stored(kept) => Some(ExamOutcome::Kept(kept)),
                Judged::ToMake(kept) => {
                    inputs.add((number, kept), arranged, recipe);
                    None
                }
            });
        }
        for (number, kept, made) in inputs.apply(self.targets, padded, work) {
            outcomes[number] = Some(self.finish(exam, kept, made, &mut parts[number])?);
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Brings a recording into the leads that a recipe wants, and judges it.
    fn judge(
        &self,
        (exam, recipe): (&LocatedExam, &SegmentRecipe),
        recording: &mut Recording,
        shared: &mut SharedFlags,
        out: &mut StorePartWriter<'_>,
        tools: (&mut Scratch, &mut MainsFinder),
    ) -> Result<Judged> {
        if let Err(detail) = self.reader.arrange(recipe, recording) {
            return Ok(Judged::Rejected(Reason::UnreadableTracing, detail));
        }
        let arranged = ArrangedExam {
            exam,
            recording,
            recipe,
        };
        match &recording.samples {
            Samples::Float32(samples) => self.judge_samples(arranged, samples, shared, out, tools),
            Samples::Float64(samples) => self.judge_samples(arranged, samples, shared, out, tools),
        }
    }

    /// Measures samples in the standard leads and judges them; stores the segments of ECG-FM's recipe.
    fn judge_samples<S: StoredSample>(
        &self,
        arranged: ArrangedExam<'_>,
        samples: &[S],
        shared: &mut SharedFlags,
        out: &mut StorePartWriter<'_>,
        (scratch, finder): (&mut Scratch, &mut MainsFinder),
    ) -> Result<Judged> {
        let ArrangedExam {
            exam,
            recording,
            recipe,
        } = arranged;
        let sample_rate = recording.sample_rate;
        let trimmed = match recipe.trim(samples, sample_rate, scratch) {
            Ok(trimmed) => trimmed,
            Err(e) => return Ok(Judged::Rejected(Reason::UnreadableTracing, e.to_string())),
        };
        let quality = trimmed.measure();
        let without = withheld_leads(recipe, recording);
        if let Some((reason, detail)) = find_fault(self.params, (recipe, without), &trimmed, &quality) {
            return Ok(Judged::Rejected(reason, detail));
        }
        let mut flags = shared.of_file.clone();
        flags.extend(quality_flags::find(
            &trimmed,
            &quality,
            recipe.selection().leads(),
        ));
        flags.extend(self.flags_of_rate(arranged, samples, trimmed.kept(), shared, finder));
        let unwanted = |flag: &&QualityFlag| self.policy.action(flag.check.reason()) != Action::Flag;
        if let Some(flag) = flags.iter().find(unwanted) {
            return Ok(Judged::Rejected(flag.check.reason(), flag.to_string()));
        }
        let mut kept = KeptExam {
            idx: exam.idx,
            file: exam.location.file,
            row: exam.location.row,
            sample_rate,
            sample_size: trimmed.org_samples(),
            segments: 0,
            measured: Measurements::new(&quality),
            flags,
        };
        if let RecipeForm::Steps(_) = recipe.form() {
            return Ok(Judged::ToMake(kept));
        }
        kept.segments = trimmed.segment_count();
        out.put(&kept, trimmed, quality)?;
        Ok(Judged::Stored(kept))
    }

    /// Flags of the sample rate of a recording, found once for all recipes.
    fn flags_of_rate<S: StoredSample>(
        &self,
        arranged: ArrangedExam<'_>,
        samples: &[S],
        kept: Range<usize>,
        shared: &mut SharedFlags,
        finder: &mut MainsFinder,
    ) -> Vec<QualityFlag> {
        let found = shared.of_rate.get_or_insert_with(|| {
            let kept = &samples[kept.start * leads::COUNT..kept.end * leads::COUNT];
            let rate = arranged.recording.sample_rate;
            self.survey
                .flags(&self.reader, arranged.exam, (kept, rate), finder)
        });
        found.clone()
    }

    /// Stores what the steps of a recipe made of an exam, or sets it aside where they refused it.
    fn finish(
        &self,
        exam: &LocatedExam,
        mut kept: KeptExam,
        made: RecipeResult<ModelInput>,
        out: &mut StorePartWriter<'_>,
    ) -> Result<ExamOutcome> {
        let made = match made {
            Ok(made) => made,
            Err(error) => {
                let (reason, detail) = reason_of_refusal(&error);
                return self.reject(exam, reason, detail);
            }
        };
        kept.segments = made.segments.len();
        if kept.segments == 0 {
            let (samples, rate) = (kept.sample_size, kept.sample_rate);
            let detail = format!("{samples} samples at {rate} Hz make no segment");
            return self.reject(exam, Reason::TooShort, detail);
        }
        out.put_steps(&made)?;
        Ok(ExamOutcome::Kept(kept))
    }

    /// Sets an exam aside, or ends the stage.
    fn reject(&self, exam: &LocatedExam, reason: Reason, detail: String) -> Result<ExamOutcome> {
        let table = self.archive.exams();
        if self.policy.action(reason) != Action::Fail {
            let rejected = table.rejected(exam.idx, (reason, detail));
            return Ok(ExamOutcome::Rejected(rejected));
        }
        let path = self.archive.file(exam.location.file).path.clone();
        let (row, id, place) = (
            exam.location.row,
            table.exam_id(exam.idx),
            table.place_of(exam.idx),
        );
        let detail = detail
            .strip_prefix(&format!("{}: ", path.display()))
            .unwrap_or(&detail);
        let file = table
            .path_of(exam.idx)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        Err(Error::BadInput {
            what: format!("row {row}, exam {id} ({place} of {file}): {detail}"),
            path,
            help: Some(policy::advice(reason)),
        })
    }
}
