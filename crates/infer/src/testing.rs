//! What the tests share: TorchScript models written by hand, stores and manifests of made-up segments.

use crate::Params;
use ecgfm_artifacts::formats::manifest::{Manifest, ManifestEntry};
use ecgfm_artifacts::manifests::{self, SegmentKey};
use ecgfm_artifacts::store::PackedWriter;
use std::io::Write;
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Leads and samples of the made-up segments.
pub(crate) const LEADS: usize = 3;
pub(crate) const SAMPLES: usize = 4;

/// Means over time of `x`, a row of one value a lead.
pub(crate) const MEANS: &str = "-> Tensor:\n    return torch.mean(x, [2])\n";

/// A method `outputs` like that of our own models: means, twice the means as embedding, the first lead as saliency per query,
/// twice `x` as that of each head (a lead), three times `x` as saliency per key.
pub(crate) const OUTPUTS: &str = "  def outputs(self: __torch__.M,\n    x: Tensor) -> \
     Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:\n    m = torch.mean(x, [2])\n    \
     return (m, torch.mul(m, 2), torch.select(x, 1, 0), torch.mul(x, 2), torch.mul(x, 3))\n";

/// The same as earlier exports had it: means, twice the means as embedding, three times `x` as saliency per key.
pub(crate) const OLDER_OUTPUTS: &str = "  def outputs(self: __torch__.M,\n    x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:\n    \
     m = torch.mean(x, [2])\n    return (m, torch.mul(m, 2), torch.mul(x, 3))\n";

/// A method `outputs` like that of a family without saliency: means, and twice the means as embedding.
pub(crate) const NO_SALIENCY: &str = "  def outputs(self: __torch__.M,\n    x: Tensor) -> Tuple[Tensor, Tensor]:\n    \
     m = torch.mean(x, [2])\n    return (m, torch.mul(m, 2))\n";

/// The same of an encoder, a tuple of one.
pub(crate) const ONLY_EMBEDDING: &str = "  def outputs(self: __torch__.M,\n    x: Tensor) -> Tuple[Tensor]:\n    \
     m = torch.mean(x, [2])\n    return (torch.mul(m, 2),)\n";

/// A method `outputs` like that of an encoder: [`OUTPUTS`] without the means.
pub(crate) const ENCODER: &str = "  def outputs(self: __torch__.M,\n    x: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:\n    \
     m = torch.mean(x, [2])\n    return (torch.mul(m, 2), torch.select(x, 1, 0), torch.mul(x, 2), torch.mul(x, 3))\n";

/// Writes a TorchScript module with one float32 parameter `w` of `LEADS` ones and the given rest of
/// `def forward(self, x: Tensor)`, after which more methods may follow.
pub(crate) fn write_model(path: &Path, rest: &str) {
    write_methods(
        path,
        &format!("  def forward(self: __torch__.M,\n    x: Tensor) {rest}"),
    );
}

/// The same with the given methods only.
pub(crate) fn write_methods(path: &Path, methods: &str) {
    let source = format!(
        "class M(Module):\n  __parameters__ = [\"w\", ]\n  __buffers__ = []\n  w : Tensor\n  training : bool\n{methods}"
    );
    let mut pickle = b"\x80\x02c__torch__\nM\n)\x81}(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage".to_vec();
    pickle.extend_from_slice(
        b"ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x03tQK\x00K\x03\x85K\x01\x85\x89",
    );
    pickle.extend_from_slice(b"ccollections\nOrderedDict\n)RtRX\x08\x00\x00\x00training\x89ub.");
    let ones: Vec<u8> = [1.0f32; LEADS].iter().flat_map(|one| one.to_le_bytes()).collect();
    let mut archive = ZipWriter::new(std::fs::File::create(path).unwrap());
    let mut put = |name: &str, bytes: &[u8]| {
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .with_alignment(64);
        archive.start_file(format!("m/{name}"), options).unwrap();
        archive.write_all(bytes).unwrap();
    };
    put("data.pkl", &pickle);
    put("code/__torch__.py", source.as_bytes());
    put("constants.pkl", b"\x80\x02).");
    put("byteorder", b"little");
    put("version", b"3\n");
    put("data/0", &ones);
    archive.finish().unwrap();
}

/// The first value of segment `i`; its leads and samples count on from there by tens.
pub(crate) fn value(i: usize, lead: usize, sample: usize) -> f32 {
    (i * 1000 + lead * 10 + sample) as f32
}

/// A packed store of `count` segments with their manifest `test`, and a model of means beside them.
pub(crate) fn project(dir: &Path, count: usize) -> Params {
    let (store, manifest, model) = (dir.join("segments"), dir.join("manifests"), dir.join("model.ts"));
    std::fs::create_dir_all(&store).unwrap();
    std::fs::create_dir_all(&manifest).unwrap();
    let mut writer = PackedWriter::new(&store, LEADS, SAMPLES).unwrap();
    let (mut entries, mut keys) = (Vec::new(), Vec::new());
    for i in 0..count {
        let segment = format!("ecg_{i}_0");
        let values: Vec<f32> = (0..LEADS)
            .flat_map(|lead| (0..SAMPLES).map(move |sample| value(i, lead, sample)))
            .collect();
        writer.push(&segment, &values).unwrap();
        entries.push(ManifestEntry {
            path: segment.clone(),
            samples: SAMPLES,
        });
        keys.push(SegmentKey {
            segment,
            idx: Some(i as i64 + 7),
            save_file: format!("ecg_{i}.mat"),
        });
    }
    writer.finish().unwrap();
    // The manifest's order is not the store's.
    entries.reverse();
    Manifest {
        root: store.clone(),
        entries,
    }
    .write(&manifest.join("test.tsv"))
    .unwrap();
    manifests::write_index(
        &manifest.join(manifests::INDEX_FILE),
        keys.iter().map(|key| (key, "test")),
    )
    .unwrap();
    write_model(&model, MEANS);
    params(&manifest, &store, &model)
}

fn params(manifest: &Path, store: &Path, model: &Path) -> Params {
    let [manifest, store, model] = [manifest, store, model].map(|path: &Path| PathBuf::from(path));
    serde_json::from_value(serde_json::json!({
        "manifest": manifest, "subset": "test", "segments": store, "model": model, "device": "cpu", "batch_size": 4,
    }))
    .unwrap()
}
