//! Rewriting of small pieces of code.

use super::*;

#[test]
fn joined_outputs_are_split_outputs() {
    let apart = "    a = f(x)\n    return (a, b, c, torch.unflatten(d, 1, [4, -1]), torch.unflatten(e, 1, [4, -1]))\n";
    for joined in [
        "    a = f(x)\n    return torch.cat([a, b, c, d, e], 1)\n",
        "    a = f(x)\n    _7 = [a, b, c, d, e]\n    return torch.cat(_7, 1)\n",
        "    a = f(x)\n    _7 = [a, b, c, d, e]\n    _8 = torch.cat(_7, 1)\n    return _8\n",
    ] {
        assert_eq!(split_outputs(joined, true, Some(4)).unwrap(), apart);
    }
    assert_eq!(
        list_elements("a, f(b, [1, 2]), c"),
        ["a", "f(b, [1, 2])", "c"],
        "an element may be a call"
    );
    let encoder = "    a = f(x)\n    return torch.cat([a, b, c, d], 1)\n";
    assert_eq!(
        split_outputs(encoder, false, Some(2)).unwrap(),
        "    a = f(x)\n    return (a, b, torch.unflatten(c, 1, [2, -1]), torch.unflatten(d, 1, [2, -1]))\n"
    );
    let without_saliency = "    a = f(x)\n    return torch.cat([a, b], 1)\n";
    assert_eq!(
        split_outputs(without_saliency, true, None).unwrap(),
        "    a = f(x)\n    return (a, b)\n"
    );
    let one = "    a = f(x)\n    return torch.cat([a], 1)\n";
    assert_eq!(
        split_outputs(one, false, None).unwrap(),
        "    a = f(x)\n    return (a,)\n"
    );
    for odd in [
        "    return a\n",
        "    a = f(x)\n    return torch.cat([a], 1)\n",
        "    a = f(x)\n    return torch.cat([a, b, c], 1)\n",
        "    a = f(x)\n    return torch.cat([a, b, c, d, e, f], 1)\n",
        "    a = f(x)\n    return torch.cat([a, b, c, d], 1)\n",
    ] {
        assert_eq!(split_outputs(odd, true, Some(4)), None);
    }
}

#[test]
fn traced_convolutions_lose_the_switches_of_the_moment() {
    let traced =
        "    _0 = torch._convolution(a, b, None, [2], [0], [1], False, [0], 16, False, False, True, True)";
    assert_eq!(
        plain_convolution(traced).unwrap(),
        "    _0 = torch.conv1d(a, b, None, [2], [0], [1], 16)"
    );
    assert_eq!(
        plain_convolution("    _1 = torch.gelu(_0)").unwrap(),
        "    _1 = torch.gelu(_0)"
    );
    assert_eq!(plain_convolution("    _0 = torch._convolution(a, b, odd)"), None);
}
