//! docs/data.md, tried.

use crate::common::{ecgfm, ok, root};
use ecgfm_formats::code15::{PartReader, RowValues, write_rows};
use ecgfm_formats::tracings::description::RowIds;
use std::fs;
use std::path::Path;

/// Blocks of the page that are fenced with this word.
fn blocks<'a>(page: &'a str, word: &str) -> Vec<&'a str> {
    let fence = format!("```{word}\n");
    let after = page.split(fence.as_str()).skip(1);
    after.map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Makes the archives that the page speaks of, each where it says.
fn make_archives(dir: &Path) {
    for layout in [
        "code15",
        "ptbxl",
        "physionet2021",
        "mimic_iv_ecg",
        "folder",
        "muse",
    ] {
        let mut command = ecgfm();
        command.args(["synth", "--quiet", "--exams", "6", "--layout", layout, "--out"]);
        ok(command.arg(dir.join("data").join(layout)));
    }
    make_row_archives(&dir.join("data"));
}

/// Makes the archives of many recordings a file out of `code15`, each as it is published.
fn make_row_archives(data: &Path) {
    let part = PartReader::open(&data.join("code15/exams_part0.hdf5")).unwrap();
    let ids: Vec<i64> = part.exam_ids().iter().copied().filter(|id| *id != 0).collect();
    let mut values = vec![0.0; ids.len() * part.row_len()];
    for (row, values) in values.chunks_mut(part.row_len()).enumerate() {
        part.read_row(row, values).unwrap();
    }
    let shape = [ids.len(), part.samples(), 12];
    let place = |archive: &str, file: &str| {
        fs::create_dir_all(data.join(archive)).unwrap();
        data.join(archive).join(file)
    };
    let table = |path: &Path, header: &str, row: &dyn Fn(i64) -> String| {
        let rows: Vec<String> = ids.iter().map(|id| row(*id)).collect();
        fs::write(path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    };
    let floats = RowValues::Float32(&values);
    write_rows(
        &place("sami_trop", "exams.hdf5"),
        ("tracings", shape, floats),
        None,
    )
    .unwrap();
    let row = |id: i64| format!("{id},50,True,False,False,1.5,51.5");
    let header = "exam_id,age,is_male,normal_ecg,death,timey,nn_predicted_age";
    table(&place("sami_trop", "exams.csv"), header, &row);

    write_rows(
        &place("code_test", "ecg_tracings.hdf5"),
        ("tracings", shape, floats),
        None,
    )
    .unwrap();
    table(&place("code_test", "attributes.csv"), "age,sex", &|_| {
        "50,M".to_owned()
    });
    let truth = place("code_test/annotations", "gold_standard.csv");
    table(&truth, "1dAVb,RBBB,LBBB,SB,AF,ST", &|_| "0,1,0,0,0,0".to_owned());

    write_rows(
        &place("ours_hdf5", "ecgs.h5"),
        ("ecg/rhythm", shape, floats),
        Some(("names", &texts(&ids))),
    )
    .unwrap();
    table(&place("ours_hdf5", "exams.csv"), "exam_id,age", &|id| {
        format!("E{id},50")
    });

    let eight = values.as_chunks::<12>().0.iter();
    let eight =
        eight.flat_map(|sample| [0, 1, 6, 7, 8, 9, 10, 11].map(|lead| (sample[lead] / 0.00488) as i16));
    let eight: Vec<i16> = eight.collect();
    let of_file = ("tracings", [shape[0], shape[1], 8], RowValues::Int16(&eight));
    let numbers = RowIds::Numbers(ids.clone());
    write_rows(
        &place("ikem", "exams_0.hdf5"),
        of_file,
        Some(("exam_id", &numbers)),
    )
    .unwrap();
    table(&place("ikem", "exams.csv"), "exam_id,patient_id", &|id| {
        format!("{id},P{id}")
    });
}

fn texts(ids: &[i64]) -> RowIds {
    RowIds::Texts(ids.iter().map(|id| format!("E{id}")).collect())
}

#[test]
fn every_command_of_the_page_does_what_it_says() {
    let page = fs::read_to_string(root().join("docs/data.md")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    make_archives(dir.path());
    let descriptions = blocks(&page, "yaml");
    for (name, text) in ["ours.yaml", "ours_hdf5.yaml", "rhythms.yaml", "both.yaml"]
        .into_iter()
        .zip(&descriptions)
    {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let commands = blocks(&page, "sh").concat();
    assert!(commands.lines().count() >= 8, "{commands}");
    for line in commands.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[0], "ecgfm", "{line}");
        ok(ecgfm().current_dir(dir.path()).args(&words[1..]).arg("--quiet"));
        let out = dir.path().join(words.last().unwrap());
        let records = fs::read_to_string(out.join("meta.csv")).unwrap();
        assert_eq!(records.lines().count(), 1 + 6, "{line}");
        let rejected = fs::read_to_string(out.join("rejected.csv")).unwrap();
        assert_eq!(rejected.lines().count(), 1, "{line}: {rejected}");
    }
    assert!(page.contains("`ecgfm run both.yaml` leaves `runs/both/default/`"));
    ok(ecgfm()
        .current_dir(dir.path())
        .args(["run", "both.yaml", "--quiet"]));
    let run = dir.path().join("runs/both/default");
    let lines = |name: &str| fs::read_to_string(run.join(name)).unwrap().lines().count();
    assert_eq!(lines("signals/meta.csv"), 1 + 18);
    assert_eq!(lines("labels/labels.csv"), 1 + 12);
    assert_eq!(
        lines("manifests/train.tsv") + lines("manifests/test.tsv"),
        lines("signals/segmented.csv") + 1
    );
}
