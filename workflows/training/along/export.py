"""A trained network as a checkpoint directory: BatchNorm folded away. `python -m along.export RUN OUT [DECODER.json]`; ALONG.md lists the tensors."""

import datetime
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from compact import tokens

from . import decode, grid, long
from .network import Along, Settings

IDENTITY = {"statistic": "break_even", "lengths": [300], "scale": [1.0], "shift": [0.0]}


def _scale_shift(norm):
    norm = norm.norm
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def tensors(network):
    """The folded tensors by their names in the file, f32; matrices are [out, in], convolutions [out, in, tap]."""
    c = network.settings["channels"]
    with torch.no_grad():
        out = {"embedding.weight": network.embedding.weight.clone()}
        out["embedding.weight"][0] = 0
        scale, shift = _scale_shift(network.stem_norm)
        # [3 E, 2 C]: codons k = -2 -1 0 of the first half, 1 2 3 of the second.
        halves = network.stem.view(3, -1, 2, c).permute(3, 1, 2, 0)  # [C, E, half, codon]
        out["stem.weight"] = halves.reshape(c, -1, 6) * scale[:, None, None]
        out["stem.bias"] = shift
        for i, level in enumerate(network.up):
            scale, shift = _scale_shift(level.norm)
            out[f"up.{i}.weight"] = level.conv.view(3, c, c).permute(2, 1, 0) * scale[:, None, None]
            out[f"up.{i}.meet"] = level.meet.T * scale[:, None]
            out[f"up.{i}.bias"] = shift
        scale, shift = _scale_shift(network.fine_norm)
        # down.i leads from level i + 1 to level i; the last one ends in the fine layer's normalisation.
        for i, down in enumerate(reversed(network.down)):
            out[f"down.{i}.weight"] = down.T * (scale[:, None] if i == 0 else 1)
        taps = 3 if network.settings["fine"] else 1
        out["fine.weight"] = network.fine.view(taps, c, c).permute(2, 1, 0) * scale[:, None, None]
        out["fine.bias"] = shift
        if network.settings["compete"]:
            scale, shift = _scale_shift(network.mix_norm)
            out["mix.own"], out["mix.meet"] = network.mix.T * scale[:, None], network.mix_shared.T * scale[:, None]
            out["mix.bias"] = shift
        for name, layer in (("frame", network.frame_logit), ("none.hidden", network.none_hidden), ("none.logit", network.none_logit)):
            out[f"{name}.weight"], out[f"{name}.bias"] = layer.weight, layer.bias
        return {name: tensor.detach().float().contiguous().clone() for name, tensor in out.items()}


def config(network, name, decoder, calibrations=(IDENTITY, IDENTITY), trained_on="", created=""):
    """What config.json says."""
    s = network.settings
    return {
        "model_type": "readseeker-along",
        "format_version": 1,
        "name": name,
        "k": tokens.K,
        "embedding_size": s["embedding"],
        "channels": s["channels"],
        "levels": s["levels"],
        "fine_kernel": 3 if s["fine"] else 1,
        "mix": bool(s["compete"]),
        "activation": s["activation"],
        "position": grid.POSITION,
        "window": {"positions": long.WINDOW, "step": long.STEP, "longest_single": long.LONGEST_SINGLE},
        **decoder.settings(*calibrations),
        "trained_on": trained_on,
        "created": created,
    }


def write(network, directory, **about):
    """Write config.json and model.safetensors into `directory`."""
    assert network.settings["meet"] and not network.settings["own"]
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config(network, **about), indent=2) + "\n")
    save_file(tensors(network), directory / "model.safetensors")


def _set_norm(norm, shift):
    """A normalisation that adds `shift` and does nothing else, until training moves it."""
    norm = norm.norm
    norm.weight.fill_(1), norm.bias.copy_(shift), norm.running_mean.zero_(), norm.running_var.fill_(1 - norm.eps)


def restored(directory):
    """The training network of an exported checkpoint, so that training can go on from it."""
    c = json.loads((Path(directory) / "config.json").read_text())
    settings = Settings(embedding=c["embedding_size"], channels=c["channels"], levels=c["levels"], fine=int(c["fine_kernel"] == 3), compete=int(c["mix"]), activation=c["activation"])
    network, w = Along(settings), load_file(Path(directory) / "model.safetensors")
    with torch.no_grad():
        network.embedding.weight.copy_(w["embedding.weight"])
        halves = w["stem.weight"].unflatten(2, (2, 3)).permute(3, 1, 2, 0)  # [codon, E, half, C]
        network.stem.copy_(halves.reshape(network.stem.shape))
        _set_norm(network.stem_norm, w["stem.bias"])
        for i, level in enumerate(network.up):
            level.conv.copy_(w[f"up.{i}.weight"].permute(2, 1, 0).reshape(level.conv.shape))
            level.meet.copy_(w[f"up.{i}.meet"].T)
            _set_norm(level.norm, w[f"up.{i}.bias"])
        for i, down in enumerate(reversed(network.down)):
            down.copy_(w[f"down.{i}.weight"].T)
        network.fine.copy_(w["fine.weight"].permute(2, 1, 0).reshape(network.fine.shape))
        _set_norm(network.fine_norm, w["fine.bias"])
        if settings["compete"]:
            network.mix.copy_(w["mix.own"].T), network.mix_shared.copy_(w["mix.meet"].T)
            _set_norm(network.mix_norm, w["mix.bias"])
        for name, layer in (("frame", network.frame_logit), ("none.hidden", network.none_hidden), ("none.logit", network.none_logit)):
            layer.weight.copy_(w[f"{name}.weight"]), layer.bias.copy_(w[f"{name}.bias"])
    return network.eval()


def main(run, out, fit, name="readseeker-along", trained_on=""):
    from . import train  # which imports this

    fitted = json.loads(Path(fit).read_text())
    network = train.load(run)
    calibrations = fitted["calibration"], fitted["short_reads"]["calibration"]
    write(network, out, name=name, decoder=decode.decoder_of(fitted), calibrations=calibrations, trained_on=trained_on, created=str(datetime.date.today()))


if __name__ == "__main__":
    main(*sys.argv[1:])
