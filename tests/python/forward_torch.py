"""The ECG-FM classifier's forward pass in PyTorch's own operations, float32. Needs PyTorch.

Attention and its weights are those of `torch.nn.functional.multi_head_attention_forward`, which the reference calls too.
"""

import torch
import torch.nn.functional as F

from forward import conv_layers


def forward(x, cfg, weights):
    """Logits (N, labels), embedding (N, width) and attention (N, heads, queries, keys) of signals (N, leads, samples)."""
    w = {name: torch.from_numpy(value.astype("f4")) for name, value in weights.items()}
    norm = lambda x, name: F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"])
    linear = lambda x, name: F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])
    with torch.no_grad():
        x = torch.from_numpy(x)
        for i, (channels, _, stride) in enumerate(conv_layers(cfg["conv_feature_layers"])):
            name = f"encoder.feature_extractor.conv_layers.{i}"
            x = F.conv1d(x, w[f"{name}.0.weight"], stride=stride)
            if i == 0:
                x = F.group_norm(x, channels, w[f"{name}.2.weight"], w[f"{name}.2.bias"])
            x = F.gelu(x)
        x = norm(x.transpose(1, 2), "encoder.layer_norm")
        if "encoder.post_extract_proj.weight" in w:
            x = linear(x, "encoder.post_extract_proj")
        name = "encoder.conv_pos.pos_conv.0"
        length, direction = (w[f"{name}.parametrizations.weight.original{i}"] for i in (0, 1))
        kernel = torch._weight_norm(direction, length, 2)
        places = F.conv1d(
            x.transpose(1, 2), kernel, w[f"{name}.bias"], padding=cfg["conv_pos"] // 2, groups=cfg["conv_pos_groups"]
        )
        x = norm(x + F.gelu(places[:, :, : x.shape[1]]).transpose(1, 2), "encoder.encoder.layer_norm")
        heads = cfg["encoder_attention_heads"]
        for i in range(cfg["encoder_layers"]):
            name = f"encoder.encoder.layers.{i}"
            attended, attention = attend(x, heads, w, f"{name}.self_attn")
            x = norm(x + attended, f"{name}.self_attn_layer_norm")
            x = norm(x + linear(F.gelu(linear(x, f"{name}.fc1")), f"{name}.fc2"), f"{name}.final_layer_norm")
        embedding = x.mean(1)
        return [t.numpy() for t in (linear(embedding, "proj"), embedding, attention)]


def attend(x, heads, w, name):
    """PyTorch's own multi-head attention of (N, tokens, width) to itself, and its weights (N, heads, queries, keys)."""
    part = lambda which: (w[f"{name}.{which}.weight"], w[f"{name}.{which}.bias"])
    (query, query_bias), (key, key_bias), (value, value_bias) = part("q_proj"), part("k_proj"), part("v_proj")
    tokens_first = x.transpose(0, 1)
    attended, weights = F.multi_head_attention_forward(
        tokens_first, tokens_first, tokens_first, x.shape[-1], heads,
        None, torch.cat([query_bias, key_bias, value_bias]), None, None, False, 0.0, *part("out_proj"),
        training=False, need_weights=True, average_attn_weights=False,
        use_separate_proj_weight=True, q_proj_weight=query, k_proj_weight=key, v_proj_weight=value,
    )  # fmt: skip
    return attended.transpose(0, 1), weights
