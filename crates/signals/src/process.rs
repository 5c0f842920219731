//! One exam: read its recording, apply the recipe, judge the result.

use crate::error::{Error, Result};
use crate::exam_reader::ExamReader;
use crate::kept::{ExamOutcome, KeptExam, Measurements};
use crate::measured::StoredSample;
use crate::on_bad::{Action, RejectOrKeep};
use crate::params::Params;
use crate::policy::{self, Policy};
use crate::quality_flags::{self, QualityFlag};
use crate::rate_survey::RateSurvey;
use crate::recipes::Recipes;
use crate::store_writer::StorePartWriter;
use ecgfm_archives::{Archive, LocatedExam};
use ecgfm_artifacts::recipe::mains::MainsFinder;
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::recipe::trimmed::Trimmed;
use ecgfm_artifacts::recipe::{Scratch, leads};
use ecgfm_artifacts::recordings::{Recording, Samples};
use ecgfm_artifacts::rejected::Reason;

/// Everything that the work on one exam depends on.
#[derive(Clone, Copy)]
pub(crate) struct ExamProcessor<'a> {
    pub(crate) params: &'a Params,
    pub(crate) policy: Policy,
    pub(crate) recipes: &'a Recipes,
    pub(crate) archive: &'a dyn Archive,
    pub(crate) reader: ExamReader<'a>,
    pub(crate) survey: &'a RateSurvey,
}

/// Buffers of one worker.
#[derive(Default)]
pub(crate) struct Buffers {
    recording: Recording,
    scratch: Scratch,
    finder: MainsFinder,
}

impl ExamProcessor<'_> {
    /// Processes one exam. Errors are the store's and the system's; what is wrong with the exam makes it
    /// [`ExamOutcome::Rejected`].
    pub(crate) fn process(
        &self,
        exam: &LocatedExam,
        out: &mut StorePartWriter<'_>,
        buffers: &mut Buffers,
    ) -> Result<ExamOutcome> {
        let recording = &mut buffers.recording;
        if let Err(detail) = self.reader.read(exam, recording)? {
            return self.reject(exam, Reason::UnreadableTracing, detail);
        }
        let (rate, flags) = (recording.sample_rate, quality_flags::of_file(recording));
        let tools = (&mut buffers.scratch, &mut buffers.finder);
        match &recording.samples {
            Samples::Float32(samples) => self.process_samples(exam, (samples, rate, flags), out, tools),
            Samples::Float64(samples) => self.process_samples(exam, (samples, rate, flags), out, tools),
        }
    }

    /// Applies the recipe to samples in the standard leads, and judges the result. `flags` are those of the file.
    fn process_samples<S: StoredSample>(
        &self,
        exam: &LocatedExam,
        (samples, sample_rate, mut flags): (&[S], f64, Vec<QualityFlag>),
        out: &mut StorePartWriter<'_>,
        (scratch, finder): (&mut Scratch, &mut MainsFinder),
    ) -> Result<ExamOutcome> {
        let reject = |reason, detail| self.reject(exam, reason, detail);
        let recipe = self.recipes.of(self.archive.is_zero_padded(exam.location.file));
        let trimmed = match recipe.trim(samples, sample_rate, scratch) {
            Ok(trimmed) => trimmed,
            Err(e) => return reject(Reason::UnreadableTracing, e.to_string()),
        };
        let quality = trimmed.measure();
        if let Some((reason, detail)) = self.find_fault(&trimmed, &quality, sample_rate) {
            return reject(reason, detail);
        }
        flags.extend(quality_flags::find(&trimmed, &quality, recipe.leads()));
        let kept = trimmed.kept();
        let kept = &samples[kept.start * leads::COUNT..kept.end * leads::COUNT];
        flags.extend(self.survey.flags(&self.reader, exam, (kept, sample_rate), finder));
        let unwanted = |flag: &&QualityFlag| self.policy.action(flag.check.reason()) != Action::Flag;
        if let Some(flag) = flags.iter().find(unwanted) {
            return reject(flag.check.reason(), flag.to_string());
        }
        let kept = KeptExam {
            idx: exam.idx,
            file: exam.location.file,
            row: exam.location.row,
            sample_rate,
            sample_size: trimmed.org_samples(),
            segments: trimmed.segment_count(),
            measured: Measurements::new(&quality),
            flags,
        };
        out.put(&kept, trimmed, quality)?;
        Ok(ExamOutcome::Kept(kept))
    }

    /// Sets an exam aside, or ends the stage.
    fn reject(&self, exam: &LocatedExam, reason: Reason, detail: String) -> Result<ExamOutcome> {
        let table = self.archive.exams();
        if self.policy.action(reason) != Action::Fail {
            let rejected = table.rejected(exam.idx, (reason, detail));
            return Ok(ExamOutcome::Rejected(rejected));
        }
        let path = &self.archive.file(exam.location.file).path;
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
            path: path.clone(),
            help: Some(policy::advice(reason)),
        })
    }

    /// Finds out why a recording is not to be kept, if it is not.
    fn find_fault<S: StoredSample>(
        &self,
        trimmed: &Trimmed<'_, S>,
        quality: &Quality<S>,
        sample_rate: f64,
    ) -> Option<(Reason, String)> {
        let samples = trimmed.org_samples();
        if quality.all_zero && self.params.all_zero == RejectOrKeep::Reject {
            return Some((Reason::AllZero, format!("all {samples} samples are 0")));
        }
        if let Some((sample, lead)) = quality
            .not_finite
            .filter(|_| self.params.not_finite == RejectOrKeep::Reject)
        {
            let value = trimmed.org()[sample * trimmed.leads() + lead];
            let name = leads::NAMES[self.recipes.any().leads()[lead]];
            let sample = trimmed.kept().start + sample;
            return Some((
                Reason::NotFinite,
                format!("sample {sample} of lead {name} is {value}"),
            ));
        }
        if trimmed.segment_count() == 0 {
            let seconds = samples as f64 / sample_rate;
            let wanted = self.params.segment_seconds;
            let detail =
                format!("{samples} samples at {sample_rate} Hz are {seconds} s; a segment is {wanted} s");
            return Some((Reason::TooShort, detail));
        }
        None
    }
}
