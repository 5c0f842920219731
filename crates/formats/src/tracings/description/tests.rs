use super::*;
use proptest::prelude::*;

fn described(ids: Vec<i64>, stored: StoredRows) -> DescribedFile {
    DescribedFile {
        shape: [ids.len(), 4, 2],
        ids: RowIds::Numbers(ids),
        dtype: "float32".into(),
        stored,
    }
}

fn stored() -> impl Strategy<Value = StoredRows> {
    let block = (any::<[u32; 3]>(), any::<u64>(), any::<u64>(), any::<u32>()).prop_map(
        |(place, at, size, skipped_filters)| StoredBlock {
            place: place.map(|n| n as usize),
            at,
            size,
            skipped_filters,
        },
    );
    let table = (
        any::<bool>(),
        prop::sample::select(vec![Compression::None, Compression::Deflate, Compression::Lzf]),
        -1e3f32..1e3,
        prop::collection::vec(block, 0..5),
    );
    prop_oneof![
        any::<u64>().prop_map(|offset| StoredRows::Direct(RowPlacement::Contiguous { offset })),
        table.prop_map(|(shuffled, compression, fill, blocks)| {
            StoredRows::Direct(RowPlacement::Blocks(BlockTable {
                shape: [2, 4, 2],
                shuffled,
                compression,
                fill,
                blocks,
            }))
        }),
        "[a-zé ]{0,20}".prop_map(StoredRows::Library),
    ]
}

proptest! {
    #[test]
    fn what_is_sent_arrives(ids in prop::collection::vec(any::<i64>(), 0..6), stored in stored()) {
        let said = Ok(described(ids, stored));
        prop_assert_eq!(decode_description(&encode_description(&said)), Ok(said));
    }

    #[test]
    fn a_changed_byte_is_another_message_or_an_error(stored in stored(), at: prop::sample::Index, bit in 0u8..8) {
        let mut message = encode_description(&Ok(described(vec![1, 2], stored)));
        let at = at.index(message.len());
        message[at] ^= 1 << bit;
        if let Ok(said) = decode_description(&message) {
            let again = encode_description(&said);
            prop_assert_eq!(encode_description(&decode_description(&again).unwrap()), again);
        }
        prop_assert!(decode_description(&message[..at]).is_err());
    }
}

#[test]
fn texts_arrive_and_so_does_that_there_are_none() {
    let rows = described(vec![1, 2], StoredRows::Library("x".into()));
    for ids in [RowIds::Texts(vec!["P1".into(), "é 2".into()]), RowIds::Absent] {
        let said = Ok(DescribedFile { ids, ..rows.clone() });
        assert_eq!(decode_description(&encode_description(&said)), Ok(said));
    }
}

#[test]
fn errors_arrive_in_their_parts_without_control_characters() {
    let said = Err(ReadRefusal::Missing(["tracings".into(), "a\x1b[2Jb".into()]));
    let told = Err(ReadRefusal::Missing(["tracings".into(), "a\\u{1b}[2Jb".into()]));
    assert_eq!(decode_description(&encode_description(&said)), Ok(told));
    let system = Err(ReadRefusal::System(24));
    assert_eq!(decode_description(&encode_description(&system)), Ok(system));
    let long = Err(ReadRefusal::Malformed([
        "é".repeat(MAX_TEXT),
        "b".into(),
        "c".into(),
    ]));
    assert!(decode_description(&encode_description(&long)).unwrap().is_err());
}

#[test]
fn claims_beyond_the_message_are_refused_before_anything_is_allocated() {
    let mut message = encode_description(&Ok(described(vec![], StoredRows::Library("x".into()))));
    message[MAGIC.len() + 2..][..8].copy_from_slice(&(u64::MAX / 8).to_le_bytes());
    assert!(decode_description(&message).unwrap_err().contains("are left"));
    let rows = described(vec![1], StoredRows::Library("x".into()));
    let lying = DescribedFile {
        shape: [7, 1, 1],
        ..rows
    };
    assert!(
        decode_description(&encode_description(&Ok(lying)))
            .unwrap_err()
            .contains("7 rows and 1 exams")
    );
}
