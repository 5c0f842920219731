"""The ECG-FM classifier's forward pass in PyTorch's own operations, float32. Needs PyTorch."""

import torch
import torch.nn.functional as F

from forward import conv_layers


def forward(x, cfg, weights):
    """Logits (N, labels), embedding (N, width) and saliency (N, heads, tokens) of signals (N, leads, samples)."""
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
            split = lambda which: linear(x, f"{name}.self_attn.{which}").unflatten(2, (heads, -1)).transpose(1, 2)
            query, key, value = split("q_proj"), split("k_proj"), split("v_proj")
            attention = (query @ key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1)
            attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
            x = norm(x + linear(attended, f"{name}.self_attn.out_proj"), f"{name}.self_attn_layer_norm")
            x = norm(x + linear(F.gelu(linear(x, f"{name}.fc1")), f"{name}.fc2"), f"{name}.final_layer_norm")
        embedding = x.mean(1)
        return [t.numpy() for t in (linear(embedding, "proj"), embedding, attention.amax(2))]
