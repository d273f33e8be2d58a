"""What is learnt of unknown 6-mers: that alone changes, and it helps."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from compact import export, tokens, unknown  # noqa: E402
from compact.frames import six_frames  # noqa: E402
from compact.tiny import TINY, _random_network  # noqa: E402


@pytest.fixture(params=TINY.values(), ids=TINY.keys())
def network(request):
    return _random_network(*request.param, seed=5)


def _ids(reads):
    return six_frames(torch.from_numpy(reads))


def _groups():
    return [np.random.default_rng(2).integers(0, 4, 5000).astype(np.uint8)]


def test_a_checkpoint_is_read_as_it_was_written(network, tmp_path):
    export.write(network, tmp_path, name="t", trained_on="", created="")
    reads = unknown.spoil(np.random.default_rng(1), unknown.draw(np.random.default_rng(1), _groups(), 8, 150))
    with torch.no_grad():
        assert torch.allclose(unknown.load(tmp_path)(_ids(reads)), network.eval()(_ids(reads)), atol=1e-5)


def test_reads_without_n_are_drawn_and_get_some():
    rng = np.random.default_rng(1)
    groups = [np.concatenate([*_groups(), np.full(100, tokens.UNKNOWN_BASE, np.uint8), *_groups()])]
    reads = unknown.draw(rng, groups, 200, 100)
    spoilt = unknown.spoil(rng, reads)
    assert (reads < 4).all()
    assert ((spoilt == tokens.UNKNOWN_BASE).any(axis=1)).all()
    assert (spoilt[spoilt < 4] == reads[spoilt < 4]).all()


def test_the_row_brings_reads_with_n_nearer_to_those_without_and_leaves_the_others(network, tmp_path):
    export.write(network, tmp_path, name="t", trained_on="", created="")
    before = load_file(tmp_path / "model.safetensors")
    row = unknown.learn(unknown.load(tmp_path), _groups(), 60, np.random.default_rng(1))
    network = unknown.load(tmp_path)
    reads = unknown.draw(np.random.default_rng(3), _groups(), 256, 150)
    spoilt = _ids(unknown.spoil(np.random.default_rng(4), reads))

    def loss():
        with torch.no_grad():
            return F.cross_entropy(network(spoilt), network(_ids(reads)).softmax(dim=1))

    as_nothing, intact = loss(), network(_ids(reads))
    network.embedding.weight[tokens.UNK] = row
    assert loss() < as_nothing
    assert torch.equal(network(_ids(reads)), intact)
    assert torch.equal(before["embedding.weight"][tokens.SPECIAL :], network.embedding.weight[tokens.SPECIAL :])
