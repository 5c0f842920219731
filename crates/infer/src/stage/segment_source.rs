//! Segments of a run and the model for them, checked against each other before anything is computed.

use super::{Params, labels};
use crate::backend::Backend;
use crate::card::read_card_beside;
use crate::device::ResolvedPlacement;
use crate::device_pool::DevicePool;
use crate::shape::SegmentShape;
use crate::torchscript::TorchScript;
use crate::{Error, Result};
use ecgfm_artifacts::manifests::{self, Subset};
use ecgfm_artifacts::presence::is_file;
use ecgfm_artifacts::store::SegmentReader;
use ecgfm_stage_params::{
    CardFile, CardRecipe, InferOutput, LabelNames, ModelCard, OutputSelection, Returns,
};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The segments of a subset.
pub(super) struct SubsetSegments {
    manifest: PathBuf,
    pub(super) subset: Subset,
    pub(super) reader: SegmentReader,
    pub(super) shape: SegmentShape,
    /// Number of segments that have no idx, neither by the manifest's index nor by their own files.
    pub(super) without_idx: usize,
}

impl SubsetSegments {
    pub(super) fn open(params: &Params) -> Result<Self> {
        let manifest = params.manifest.join(manifests::file_name(&params.subset));
        let mut subset = manifests::read(&params.manifest, &params.subset)?;
        let refused = |what: String| Error::Segments {
            path: manifest.clone(),
            what,
        };
        let reader = SegmentReader::open(params.segments.as_deref().unwrap_or(&subset.root))?;
        let without_idx = subset.find_idx(&reader)?;
        let first = subset
            .rows
            .first()
            .ok_or_else(|| refused("no segments: there is nothing to run".to_owned()))?;
        let (leads, samples) = reader.shape(&first.path)?;
        if let Some(odd) = subset.rows.iter().find(|row| row.samples != samples) {
            let key = &odd.key.segment;
            let what = format!(
                "segment `{key}` has {} samples where the first has {samples}; all must be of one length",
                odd.samples
            );
            return Err(refused(what));
        }
        Ok(Self {
            manifest,
            subset,
            reader,
            shape: SegmentShape { leads, samples },
            without_idx,
        })
    }

    fn segments_error(&self, what: String) -> Error {
        Error::Segments {
            path: self.manifest.clone(),
            what,
        }
    }
}

/// Loaded model, with its hash and its card.
pub(super) struct LoadedModel {
    pub(super) model: DevicePool<TorchScript>,
    pub(super) sha256: String,
    card: Option<ModelCard>,
}

/// Loads the model on each device after its card, if there is one, has been held against the segments.
pub(super) fn load_model(
    params: &Params,
    source: &SubsetSegments,
    placements: &ResolvedPlacement,
) -> Result<LoadedModel> {
    let sha256 = if is_file(&params.model)? {
        hash_file(&params.model)?
    } else {
        String::new()
    };
    let card = read_card_beside(&params.model, &sha256)?;
    if let Some(card) = &card {
        check_card(&params.model, card, source)?;
    }
    let wanted = OutputSelection::new(&params.outputs, params.saliency_per, params.saliency_heads);
    let load = |placement| TorchScript::load(&params.model, placement, wanted);
    let first = load(placements.placement)?;
    let others = placements.others.iter().map(|placement| load(*placement));
    let model = DevicePool::new(first, others.collect::<Result<Vec<_>>>()?);
    Ok(LoadedModel { model, sha256, card })
}

impl LoadedModel {
    /// Notices for every reader of the results, about the ECGs and about the model.
    pub(super) fn notices(&self, source: &SubsetSegments) -> Vec<String> {
        let of_store = source.reader.info().and_then(|about| about.notice.clone());
        let of_model = self.card.as_ref().and_then(|card| card.notice.clone());
        of_store.into_iter().chain(of_model).collect()
    }

    /// File of the model's golden vectors, by its card.
    pub(super) fn golden(&self) -> Option<CardFile> {
        self.card.as_ref().and_then(|card| card.golden.clone())
    }

    /// Meaning of the model's values, by its card.
    pub(super) fn returns(&self) -> Option<Returns> {
        self.card.as_ref().and_then(|card| card.returns)
    }

    /// Runs the model on every number of rows that will come, and checks its outputs against its card, the parameters and
    /// the label set. Returns its labels, by its card or by the parameters.
    pub(super) fn prepare(
        &mut self,
        params: &Params,
        shape: SegmentShape,
        rows: &[usize],
    ) -> Result<Option<LabelNames>> {
        self.model.prepare(shape, rows)?;
        let labels = self.model.labels();
        if labels == 0 && params.outputs.contains(&InferOutput::Logits) {
            let what = "it is an encoder without a head and gives no logits; ask for `outputs: [embedding]`";
            return Err(Error::model(&params.model, what.to_owned()));
        }
        if let Some(card) = self.card.as_ref().filter(|card| card.labels != labels) {
            let what = format!(
                "the model has {labels} labels and its card says {}; export it again",
                card.labels
            );
            return Err(Error::model(&params.model, what));
        }
        let named = self.card.as_ref().and_then(|card| card.label_set.clone());
        labels::check_label_names(params, named, labels)
    }
}

/// Checks that the segments are what the card says that the model takes.
fn check_card(model: &Path, card: &ModelCard, source: &SubsetSegments) -> Result<()> {
    let (leads, samples) = (source.shape.leads, source.shape.samples);
    if card.input.leads != leads {
        return Err(source.segments_error(format!(
            "segments have {leads} leads, and the model takes {}",
            card.input.leads
        )));
    }
    if let Some(refusal) = card.input.refuse_length(samples) {
        return Err(source.segments_error(refusal));
    }
    let rate = match source.subset.rows.first() {
        Some(first) => source.reader.sample_rate(&first.path)?,
        None => None,
    };
    if let (Some(rate), Some(expected)) = (rate, card.input.sample_rate_hz)
        && rate != expected
    {
        return Err(source.segments_error(format!(
            "segments have {rate} samples a second, and the model was trained on {expected}, by its card: every rate and \
             interval would look wrong to it; run the signals stage with `sample_rate: {expected}`"
        )));
    }
    let recipe = source.reader.info().and_then(|about| about.recipe.as_ref());
    // Other recipes bring values into a range of their own.
    let wants_standardised = card.recipe.as_ref().is_none_or(CardRecipe::is_ecg_fm);
    if wants_standardised
        && source
            .reader
            .info()
            .is_some_and(|about| about.standardized == Some(false))
    {
        return Err(source.segments_error(
            "segments are in the archive's unit, and the model was trained on standardised leads; run the signals stage \
             with `standardize: true`"
                .to_owned(),
        ));
    }
    if let Some(difference) = recipe.and_then(|recipe| card.recipe_difference(recipe)) {
        return Err(source.segments_error(format!(
            "segments were made by another recipe than the model's: {}; run the signals stage with \
             `recipe: ${{export.recipe}}`, or with the model's card, `recipe: {}`",
            difference.between("the store's recipe", "the model's"),
            ModelCard::path_beside(model).display()
        )));
    }
    Ok(())
}

pub(crate) fn hash_file(path: &Path) -> Result<String> {
    let failed = |error: std::io::Error| Error::model(path, error.to_string());
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
