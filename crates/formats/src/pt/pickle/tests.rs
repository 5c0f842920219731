//! Pickles by hand: what is understood, what stays opaque, what is refused.

use super::super::{PickleLimits, ValueKind};
use super::{PickleDocument, PickleError};
use proptest::prelude::*;

fn parse(pickle: &[u8]) -> Result<PickleDocument, PickleError> {
    PickleDocument::parse(pickle, &PickleLimits::default())
}

fn refusal(pickle: &[u8]) -> String {
    parse(pickle).expect_err("must be refused").to_string()
}

#[test]
fn scalars_and_collections_of_every_protocol_are_read() {
    // pickle.dumps({'a': [1, -2, 300, 70000, 2**40], 'b': (None, True, 0.5), 'c': b'xy', 'd': {'s'}}, protocol=4)
    let document = parse(
        b"\x80\x04\x95\x4a\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(K\x01J\xfe\xff\xff\xffM,\x01Jp\x11\x01\x00\
          \x8a\x06\x00\x00\x00\x00\x00\x01e\x8c\x01b\x94N\x88G?\xe0\x00\x00\x00\x00\x00\x00\x87\x94\x8c\x01c\x94C\x02xy\x94\
          \x8c\x01d\x94\x8f\x94(\x8c\x01s\x94\x90u.",
    )
    .unwrap();
    let root = document.root();
    let integers: Vec<_> = root
        .get("a")
        .unwrap()
        .elements()
        .map(|v| v.as_i64().unwrap())
        .collect();
    assert_eq!(integers, [1, -2, 300, 70000, 1 << 40]);
    let tuple: Vec<_> = root.get("b").unwrap().elements().collect();
    assert!(tuple[0].is_none());
    assert_eq!((tuple[1].as_bool(), tuple[2].as_f64()), (Some(true), Some(0.5)));
    assert_eq!(root.get("c").unwrap().as_bytes(), Some(&b"xy"[..]));
    assert_eq!(root.get("d").unwrap().kind(), ValueKind::Set);
}

#[test]
fn a_malicious_reduce_stays_an_opaque_value_with_its_name_and_arguments() {
    let document = parse(b"\x80\x02cposix\nsystem\nX\x09\x00\x00\x00rm -rf ~/\x85R.").unwrap();
    let opaque = document.root().as_opaque().unwrap();
    assert_eq!(opaque.name(), "posix.system");
    assert_eq!(
        opaque.arguments.elements().next().unwrap().as_str(),
        Some("rm -rf ~/")
    );
    assert_eq!(document.root().description(), "an opaque object of posix.system");
    assert_eq!(
        document.opaque_names().into_iter().collect::<Vec<_>>(),
        ["posix.system"]
    );
}

#[test]
fn a_namespace_reads_like_a_dict() {
    // pickle.dumps(argparse.Namespace(arch='x'), protocol=2)
    let document = parse(
        b"\x80\x02cargparse\nNamespace\nq\x00)\x81q\x01}q\x02X\x04\x00\x00\x00archX\x01\x00\x00\x00xsb.",
    )
    .unwrap();
    assert_eq!(document.root().get("arch").unwrap().as_str(), Some("x"));
}

#[test]
fn a_numpy_scalar_stays_opaque_and_its_bytes_are_decoded() {
    let document = parse(
        b"\x80\x02cnumpy.core.multiarray\nscalar\nNc_codecs\nencode\nX\x02\x00\x00\x00\xc3\xbfX\x06\x00\x00\x00latin1\x86R\x86R.",
    )
    .unwrap();
    let opaque = document.root().as_opaque().unwrap();
    assert_eq!(opaque.name(), "numpy.core.multiarray.scalar");
    assert_eq!(
        opaque.arguments.elements().nth(1).unwrap().as_bytes(),
        Some(&b"\xff"[..])
    );
}

#[test]
fn ordered_dicts_keep_the_last_of_repeated_keys() {
    let document =
        parse(b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u.")
            .unwrap();
    assert_eq!(document.root().items().len(), 1);
    assert_eq!(document.root().get("a").unwrap().as_i64(), Some(2));
}

#[test]
fn parameters_and_any_device_are_tensors() {
    let mut pickle = b"\x80\x02ctorch._utils\n_rebuild_parameter\nctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage".to_vec();
    pickle.extend_from_slice(b"ctorch\nHalfStorage\nX\x01\x00\x00\x007X\x06\x00\x00\x00cuda:0K\x06tQK\x00K\x02K\x03\x86K\x03K\x01\x86\x89ccollections\nOrderedDict\n)RtR");
    pickle.extend_from_slice(b"\x88ccollections\nOrderedDict\n)R\x87R.");
    let document = parse(&pickle).unwrap();
    let tensor = document.root().as_tensor().unwrap();
    assert_eq!(
        (
            tensor.dtype().name(),
            &tensor.shape[..],
            tensor.storage.key.as_str()
        ),
        ("float16", &[2, 3][..], "7")
    );
    assert_eq!(tensor.storage.location, "cuda:0");
}

#[test]
fn a_list_that_contains_itself_is_harmless() {
    let document = parse(b"\x80\x02]q\x00h\x00a.").unwrap();
    assert_eq!(document.root().elements().next().unwrap().kind(), ValueKind::List);
    assert!(format!("{:?}", document.root()).contains('…'));
}

#[test]
fn very_deep_values_are_read_and_dropped_without_recursion() {
    let mut pickle = b"\x80\x02N".to_vec();
    pickle.extend(std::iter::repeat_n(0x85, 1_000_000));
    pickle.push(b'.');
    let document = parse(&pickle).unwrap();
    assert_eq!(document.root().kind(), ValueKind::Tuple);
    drop(document);
}

#[test]
fn a_shared_tree_of_astronomical_size_prints_at_once() {
    let mut pickle = b"\x80\x02N".to_vec();
    for _ in 0..60 {
        pickle.extend_from_slice(b"q\x00h\x00h\x00h\x00h\x00(h\x00h\x00h\x00h\x00l0000\x85");
    }
    pickle.push(b'.');
    assert!(format!("{:?}", parse(&pickle).unwrap().root()).len() < 1 << 20);
}

#[test]
fn refusals_say_what_is_wrong() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "cut short"),
        (b"\x80\x02N", "cut short"),
        (b"\x80\x00.", "protocol 0"),
        (b"\x80\x02I1\n.", "opcode 0x49"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02X\xff\xff\xff\xffab.", "4294967295 more bytes"),
        (b"\x80\x05\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "more bytes"),
        (b"\x80\x02h\x05.", "before it is memoised"),
        (b"\x80\x02R.", "takes 2 values"),
        (b"\x80\x02(.", "empty stack"),
        (b"\x80\x02t.", "not begun"),
        (b"\x80\x02K\x01K\x02a.", "cannot hold items"),
        (b"\x80\x02}(K\x01u.", "without a value"),
        (b"\x80\x02K\x01Q.", "persistent id"),
        (b"\x80\x02cos\nsystem", "cut short"),
    ];
    for (pickle, expected) in cases {
        let message = refusal(pickle);
        assert!(message.contains(expected), "{pickle:?}: {message}");
    }
}

#[test]
fn pickle_bombs_are_refused() {
    let limits = PickleLimits {
        operations: 1000,
        ..PickleLimits::default()
    };
    let refused = |pickle: &[u8], limits: &PickleLimits| {
        PickleDocument::parse(pickle, limits).expect_err("a bomb").message
    };
    assert!(refused(&[b'N'; 2000], &limits).contains("operations"));
    let limits = PickleLimits {
        stack: 100,
        ..PickleLimits::default()
    };
    assert!(refused(&[b'N'; 2000], &limits).contains("stack"));
    let limits = PickleLimits {
        nesting: 100,
        ..PickleLimits::default()
    };
    assert!(refused(&[b'('; 2000], &limits).contains("nested"));
    let limits = PickleLimits {
        value_bytes: 10_000,
        ..PickleLimits::default()
    };
    assert!(refused(&[b']'; 2000], &limits).contains("bytes"));
    // A list of 64 KiB handed to `set` again and again grows quadratically unless copies are accounted for.
    let mut quadratic = b"\x80\x02](".to_vec();
    quadratic.extend(std::iter::repeat_n(b'N', 1 << 16));
    quadratic.extend_from_slice(b"e\x85q\x000c__builtin__\nset\nq\x010");
    for _ in 0..100_000 {
        quadratic.extend_from_slice(b"h\x01h\x00R");
    }
    assert!(refused(&quadratic, &PickleLimits::default()).contains("bytes"));
    let limits = PickleLimits {
        pickle_bytes: 10,
        ..PickleLimits::default()
    };
    assert!(refused(&[b'N'; 11], &limits).contains("limit"));
}

/// Opcodes strung together at random, which reach further into the machine than random bytes do.
fn program() -> impl Strategy<Value = Vec<u8>> {
    let fragments: Vec<&'static [u8]> = vec![
        b"(",
        b"0",
        b"1",
        b"2",
        b"N",
        b"K\x01",
        b"J\xff\xff\xff\xff",
        b"]",
        b"}",
        b")",
        b"\x8f",
        b"a",
        b"e",
        b"s",
        b"u",
        b"t",
        b"l",
        b"d",
        b"o",
        b"R",
        b"b",
        b"Q",
        b"\x81",
        b"\x85",
        b"\x86",
        b"\x87",
        b"\x90",
        b"\x91",
        b"\x92",
        b"\x93",
        b"\x94",
        b"h\x00",
        b"q\x00",
        b"h\x01",
        b"q\x01",
        b"X\x01\x00\x00\x00a",
        b"X\x07\x00\x00\x00storage",
        b"\x8a\x01\x80",
        b"ctorch\nFloatStorage\n",
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ccollections\nOrderedDict\n",
        b"cargparse\nNamespace\n",
        b"c__builtin__\nset\n",
        b"ccopy_reg\n_reconstructor\n",
        b"c_codecs\nencode\n",
        b"ctorch\nSize\n",
        b".",
    ];
    proptest::collection::vec(proptest::sample::select(fragments), 0..80).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(document) = parse(&bytes) {
            let _ = format!("{:?}", document.root());
        }
    }

    #[test]
    fn arbitrary_programs_never_panic(mut pickle in program()) {
        pickle.push(b'.');
        if let Ok(document) = parse(&pickle) {
            let _ = format!("{:?}", document.root());
        }
    }
}
