//! Other recipes than ECG-FM's: what stores hold, what is set aside, and several recipes in one reading.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::records::write_wfdb;
use common::{cells, contents, exams, lines, part, reference, row, run, split, tracing};
use ecgfm_artifacts::formats::code15::WriteLayout;
use ecgfm_artifacts::recipe::steps::built_in;
use ecgfm_artifacts::recordings::MissingLeads;
use ecgfm_artifacts::store::{SegmentReader, StoreInfo};
use ecgfm_signals::{Params, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ALL: [usize; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

fn with_recipe(raw: &Path, recipe: &str) -> Params {
    Params {
        dataset: "folder".to_owned(),
        recipe: Some(recipe.to_owned()),
        ..Params::new(raw)
    }
}

/// Shape and values of every segment, by name.
fn segments_of(out: &Path) -> BTreeMap<String, (usize, usize, Vec<u32>)> {
    let reader = SegmentReader::open(&out.join("segments")).unwrap();
    let read = |line: &String| {
        let path = split(line)[0].clone();
        let (rows, samples) = reader.shape(&path).unwrap();
        let mut values = vec![0f32; rows * samples];
        reader.read(&path, &mut values).unwrap();
        let name = path.rsplit('/').next().unwrap().to_owned();
        (
            name,
            (rows, samples, values.iter().map(|v| v.to_bits()).collect()),
        )
    };
    lines(&out.join("segmented.csv"))[1..].iter().map(read).collect()
}

/// Records of several rates, lengths and leads.
fn write_records(raw: &Path) {
    write_wfdb(raw, "a", (500.0, 5600), &ALL);
    write_wfdb(raw, "bb", (250.0, 3000), &ALL);
    let mut reversed = ALL;
    reversed.reverse();
    write_wfdb(raw, "ccc", (500.0, 5000), &reversed);
    write_wfdb(raw, "dddd", (1000.0, 10_400), &[0, 1, 6, 7, 8, 9, 10, 11]);
    write_wfdb(raw, "eeeee", (500.0, 1200), &ALL);
    write_wfdb(raw, "ffffff", (500.0, 5100), &[0]);
}

#[test]
fn a_view_computes_the_bits_of_a_packed_store_by_any_recipe() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_records(raw.path());
    for (recipe, kept) in [
        ("ecg_jepa", 4),
        ("hubert_ecg", 4),
        ("st_mem", 4),
        ("clef", 4),
        ("merl", 5),
        ("ecgfounder", 5),
    ] {
        let of = |store: Store, threads: usize| {
            let out = out.path().join(format!("{recipe}{store:?}{threads}"));
            let params = Params {
                store,
                threads: Some(threads),
                missing_leads: MissingLeads::Derive,
                ..with_recipe(raw.path(), recipe)
            };
            run(&params, &out).unwrap();
            segments_of(&out)
        };
        let packed = of(Store::Packed, 1);
        let recordings: std::collections::BTreeSet<&str> = packed
            .keys()
            .map(|name| name.rsplit_once('_').unwrap().0)
            .collect();
        assert_eq!(recordings.len(), kept, "{recipe}: {recordings:?}");
        let checked = built_in(recipe).unwrap().check().unwrap();
        let shape = (checked.rows(), checked.samples());
        assert!(
            packed
                .values()
                .all(|(rows, samples, _)| (*rows, *samples) == shape),
            "{recipe}"
        );
        assert!(packed == of(Store::View, 2), "{recipe}");
        assert!(packed == of(Store::Packed, 3), "{recipe}");
    }
}

#[test]
fn a_store_by_steps_says_what_it_holds_and_is_stored_in_half_precision_too() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_records(raw.path());
    let params = Params {
        store: Store::Packed16,
        missing_leads: MissingLeads::Derive,
        ..with_recipe(raw.path(), "hubert_ecg")
    };
    run(&params, out.path()).unwrap();
    let about = StoreInfo::read(&out.path().join("segments")).unwrap().unwrap();
    assert_eq!(
        about
            .recipe
            .unwrap()
            .first_difference(&built_in("hubert_ecg").unwrap()),
        None
    );
    assert_eq!(
        (about.sample_rate, about.segment_seconds, about.standardized),
        (Some(100.0), Some(5.0), None)
    );
    let table = lines(&out.path().join("segmented.csv"));
    let rows = |line: &String| split(line)[2].clone();
    assert_eq!(
        (rows(&table[0]), rows(&table[1])),
        ("sample_size".to_owned(), "6000".to_owned())
    );
}

#[test]
fn a_recording_that_a_recipe_does_not_take_is_set_aside_with_the_reason() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_records(raw.path());
    write_wfdb(raw.path(), "odd", (360.0, 4000), &ALL);
    let rejected = |recipe: &str| {
        let out = out.path().join(recipe);
        let outcome = run(&with_recipe(raw.path(), recipe), &out).unwrap();
        let count = |name: &str| outcome.counts.get(name).copied().unwrap_or_default();
        assert_eq!(count("read"), count("kept") + count("rejected"), "{recipe}");
        let rows = lines(&out.join("rejected.csv"));
        let cells = |line: &String| {
            let cells = split(line);
            (cells[0].clone(), format!("{}: {}", cells[2], cells[3]))
        };
        rows[1..].iter().map(cells).collect::<BTreeMap<String, String>>()
    };
    let jepa = rejected("ecg_jepa");
    assert_eq!(jepa["ffffff"], "unreadable_tracing: lead II is missing");
    assert_eq!(
        jepa["eeeee"],
        "too_short: segments: takes at least 5000 samples a lead, and there are 1200"
    );
    assert!(
        !jepa.contains_key("dddd"),
        "leads that the recipe does not take may be missing: {jepa:?}"
    );
    let clef = rejected("clef");
    assert!(
        !clef.contains_key("ffffff"),
        "one lead is all that it takes: {clef:?}"
    );
    let echonext = rejected("echonext");
    assert!(
        echonext["odd"].starts_with("refused_by_recipe: resample: 360 Hz to 250 Hz"),
        "{echonext:?}"
    );
    assert!(
        !echonext.contains_key("dddd"),
        "the recipe derives limb leads: {echonext:?}"
    );
    assert_eq!(
        rejected("ecgfounder")["dddd"],
        "unreadable_tracing: lead III is missing"
    );
}

#[test]
fn missing_values_are_left_to_a_recipe_that_replaces_them() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut recording = tracing(2000, 3);
    recording[1000 * 12 + 4] = f32::NAN;
    part(
        raw.path(),
        "exams_part0.hdf5",
        &[(1, recording), (2, tracing(2000, 4))],
        WriteLayout::Contiguous,
    );
    exams(
        raw.path(),
        &[row("1", "exams_part0.hdf5"), row("2", "exams_part0.hdf5")],
    );
    for (recipe, kept) in [("ecgfounder", 2), ("merl", 1), ("ecg_fm", 1)] {
        let params = Params {
            dataset: "code15".to_owned(),
            ..with_recipe(raw.path(), recipe)
        };
        let outcome = run(&params, &out.path().join(recipe)).unwrap();
        assert_eq!(outcome.counts["kept"], kept, "{recipe}");
    }
}

#[test]
fn naming_the_recipe_of_ecg_fm_changes_nothing() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rows: Vec<(i64, Vec<f32>)> = (0..6)
        .map(|i| (i, tracing(1500 + 150 * i as usize, i as usize)))
        .collect();
    part(raw.path(), "exams_part0.hdf5", &rows, WriteLayout::Contiguous);
    exams(
        raw.path(),
        &(0..6)
            .map(|i| row(&i.to_string(), "exams_part0.hdf5"))
            .collect::<Vec<_>>(),
    );
    for store in [Store::Packed, Store::View, Store::Mat] {
        let of = |recipe: Option<&str>| {
            let out = out.path().join(format!("{store:?}{recipe:?}"));
            let params = Params {
                recipe: recipe.map(str::to_owned),
                store,
                segment_seconds: Some(2.0),
                ..Params::new(raw.path())
            };
            run(&params, &out).unwrap();
            contents(&out)
        };
        let unnamed = of(None);
        assert!(unnamed.len() > 5);
        assert!(unnamed == of(Some("ecg_fm")), "{store:?}");
    }
}

#[test]
fn several_recipes_read_once_leave_what_each_leaves_alone() {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_records(raw.path());
    let names = ["ecg_fm", "hubert_ecg", "ecg_jepa", "merl", "st_mem"];
    for store in [Store::Packed, Store::View] {
        let together = out.path().join(format!("together{store:?}"));
        let params = Params {
            recipes: names
                .map(|name| (format!("of_{name}"), name.to_owned()))
                .into_iter()
                .collect(),
            recipe: None,
            store,
            missing_leads: MissingLeads::Derive,
            ..with_recipe(raw.path(), "merl")
        };
        let outcome = run(&params, &together).unwrap();
        assert_eq!(
            outcome.counts["read"],
            outcome.counts["kept"] + outcome.counts["rejected"]
        );
        for name in names {
            let alone = out.path().join(format!("{name}{store:?}"));
            let params = Params {
                store,
                missing_leads: MissingLeads::Derive,
                ..with_recipe(raw.path(), name)
            };
            let counts = run(&params, &alone).unwrap().counts;
            let of_recipe = &outcome.facts["recipes"][format!("of_{name}")];
            for count in ["read", "kept", "rejected", "segments"] {
                assert_eq!(of_recipe[count], counts[count], "{name}: {count}");
            }
            let place = together.join(format!("of_{name}"));
            assert!(segments_of(&alone) == segments_of(&place), "{name}");
            let (alone, mut ours) = (contents(&alone), contents(&place));
            for path in ["meta.csv", "segmented.csv"] {
                let text = String::from_utf8(ours.remove(Path::new(path)).unwrap()).unwrap();
                let text = text.replace(&format!("signals/of_{name}/"), "signals/");
                ours.insert(path.into(), text.into_bytes());
            }
            let files = |contents: &BTreeMap<std::path::PathBuf, Vec<u8>>| {
                let of_stage =
                    |path: &&std::path::PathBuf| path.extension().is_none_or(|ending| ending != "json");
                let view = contents.keys().filter(|path| path.ends_with("view.json"));
                contents
                    .keys()
                    .filter(of_stage)
                    .chain(view)
                    .cloned()
                    .collect::<Vec<_>>()
            };
            for path in files(&alone) {
                assert!(ours.get(&path) == alone.get(&path), "{name}: {}", path.display());
            }
        }
    }
}

#[test]
fn public_records_become_what_the_authors_code_makes_of_them() {
    let Some(reference) = reference() else { return };
    let shared = reference.parent().unwrap();
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, name) in [("cinc2021-ptbxl", "HR06000"), ("cinc2021-ningbo", "JS20000")] {
        for ending in ["hea", "mat"] {
            let file = format!("{name}.{ending}");
            fs::copy(shared.join("wfdb").join(dir).join(&file), raw.path().join(&file)).unwrap();
        }
    }
    for (recipe, directory) in [
        ("ecgfounder", "ecgfounder"),
        ("hubert_ecg", "hubert"),
        ("st_mem", "stmem"),
        ("ecg_jepa", "jepa"),
    ] {
        let out = out.path().join(recipe);
        run(&with_recipe(raw.path(), recipe), &out).unwrap();
        let made = segments_of(&out);
        let files = cells(&out.join("meta.csv"));
        assert_eq!(files.len(), 2);
        for save_file in files.keys() {
            let stem = save_file.trim_end_matches(".mat");
            let name = ["HR06000", "JS20000"]
                .into_iter()
                .find(|name| stem.ends_with(name))
                .unwrap();
            let golden = fs::read(shared.join(format!("recipes/{directory}/{name}.npy"))).unwrap();
            let start = 10 + usize::from(u16::from_le_bytes([golden[8], golden[9]]));
            let golden: Vec<f32> = golden[start..]
                .as_chunks::<4>()
                .0
                .iter()
                .map(|v| f32::from_le_bytes(*v))
                .collect();
            let ours: Vec<f32> = (0..)
                .map_while(|i| made.get(&format!("{stem}_{i}")))
                .flat_map(|(_, _, bits)| bits.iter().map(|bits| f32::from_bits(*bits)))
                .collect();
            assert_eq!(ours.len(), golden.len(), "{recipe}: {name}");
            let squares: f64 = golden.iter().map(|v| f64::from(*v).powi(2)).sum();
            let rms = (squares / golden.len() as f64).sqrt();
            let worst = ours
                .iter()
                .zip(&golden)
                .map(|(a, b)| f64::from((a - b).abs()))
                .fold(0.0, f64::max);
            assert!(worst <= 1e-5 * rms, "{recipe}: {name}: {worst}");
        }
    }
}
