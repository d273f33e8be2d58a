"""A trained network as a checkpoint directory: BatchNorm folded away, tensors named as the program reads them."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from . import tokens

# The head's layers: here, and in the file.
NAMES = (
    ("frame_hidden", "frame.hidden"),
    ("frame_mix", "frame.mix"),
    ("frame_logit", "frame.logit"),
    ("noncoding_hidden", "noncoding.hidden"),
    ("noncoding_logit", "noncoding.logit"),
)
IDENTITY = {"lengths": [300], "scale": [1.0], "shift": [0.0], "pool": {"scale": 1.0, "shift": 0.0}}


def _scale_shift(norm):
    norm = norm.norm
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def _folded(layer, norm):
    scale, shift = _scale_shift(norm)
    return layer.weight * scale[:, None, None], shift


def tensors(network):
    """The folded tensors by their names in the file, f32."""
    with torch.no_grad():
        out = {"embedding.weight": network.embedding.weight.clone()}
        out["embedding.weight"][: tokens.SPECIAL] = 0
        out["stem.weight"], out["stem.bias"] = _folded(network.stem, network.stem_norm)
        for i, (block, norm) in enumerate(zip(network.blocks, network.block_norms)):
            out[f"blocks.{i}.weight"], out[f"blocks.{i}.bias"] = _folded(block, norm)
        for i, (block, norm) in enumerate(zip(network.coarse, network.coarse_norms)):
            out[f"coarse.{i}.weight"], out[f"coarse.{i}.bias"] = _folded(block, norm)
        out["embedding_norm.scale"], out["embedding_norm.shift"] = _scale_shift(network.embedding_norm)
        for ours, theirs in NAMES:
            layer = getattr(network, ours)
            out[f"{theirs}.weight"], out[f"{theirs}.bias"] = layer.weight, layer.bias
        return {name: tensor.detach().float().contiguous().clone() for name, tensor in out.items()}


def config(network, name, trained_on, created, calibration=IDENTITY):
    """What config.json says."""
    settings = network.settings
    coarse = {"levels": settings["levels"], "pool": settings["pool"], "kernel": 3, "padding": 1}
    return {
        "model_type": "readseeker-compact",
        "format_version": 1,
        "name": name,
        "k": tokens.K,
        "embedding_size": settings["embedding"],
        "channels": settings["channels"],
        "stem": {"kernel": 6, "stride": 3, "padding": 3},
        "blocks": [{"kernel": 3, "padding": 1}] * settings["blocks"],
        **({"coarse": coarse} if settings["levels"] else {}),
        "hidden": settings["hidden"],
        "window": {"length": 300, "step": 150, "longest_single": 400},
        "calibration": calibration,
        "trained_on": trained_on,
        "created": created,
    }


def write(network, directory, **about):
    """Write config.json and model.safetensors into `directory`."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config(network, **about), indent=2) + "\n")
    save_file(tensors(network), directory / "model.safetensors")
