"""Exports a BERT checkpoint to ONNX for the peers: f32, its optimised graph, and dynamic int8.

    python export.py CHECKPOINT FOLDER
"""

import argparse
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import BertConfig, BertForSequenceClassification


def load(checkpoint):
    """The network by the original's library."""
    config = BertConfig.from_pretrained(checkpoint, num_labels=2, attn_implementation="eager")
    model = BertForSequenceClassification(config)
    weights = torch.load(checkpoint / "pytorch_model.bin", map_location="cpu", weights_only=True)
    missing, extra = model.load_state_dict(weights, strict=False)
    assert not extra and all(name.endswith("_ids") for name in missing), (missing, extra)
    return model.eval()


class Plain(torch.nn.Module):
    """Token ids in, logits out; every token is attended to: at one exact length there is no padding."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    plain, fused, int8 = (args.folder / f"{name}.onnx" for name in ("plain", "fused", "int8"))
    if int8.exists():
        return
    model = load(args.checkpoint)
    example = torch.ones((1, 32), dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        torch.onnx.export(
            Plain(model), (example, example), plain, input_names=list(axes), output_names=["logits"],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )
    heads, hidden = model.config.num_attention_heads, model.config.hidden_size
    optimizer.optimize_model(str(plain), model_type="bert", num_heads=heads, hidden_size=hidden).save_model_to_file(str(fused))
    options = {"DefaultTensorType": onnx.TensorProto.FLOAT}  # fused operators have no types of their own
    quantize_dynamic(fused, int8, weight_type=QuantType.QInt8, per_channel=True, extra_options=options)


if __name__ == "__main__":
    main()
