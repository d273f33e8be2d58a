"""Laws of the network: symmetric by construction, exported = trained, independent of what else is in the batch."""

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from compact import export, golden, plain, tokens  # noqa: E402
from compact.frames import six_frames  # noqa: E402
from compact.network import Network, Settings  # noqa: E402
from compact.tiny import TINY, _random_network  # noqa: E402


@pytest.fixture(params=TINY.values(), ids=TINY.keys())
def network(request):
    return _random_network(*request.param, seed=5)


def _logits(network, sequences):
    bases = torch.from_numpy(np.stack([tokens.encode(s) for s in sequences]))
    with torch.no_grad():
        return network(six_frames(bases))


@pytest.mark.parametrize("length", [60, 61, 62, 100, 150, 299, 300, 301, 400])
def test_the_exported_model_is_the_trained_one(network, tmp_path, length):
    rng = random.Random(length)
    reads = [golden._random(rng, length, "ACGTN") for _ in range(3)] + [golden._gene_like(rng, length)]
    export.write(network, tmp_path, name="t", trained_on="", created="")
    model = plain.Model(tmp_path)
    plainly = torch.stack([model.logits(read) for read in reads])
    assert torch.allclose(_logits(network, reads), plainly, atol=2e-5)


@pytest.mark.parametrize("length", [60, 61, 62, 300])
def test_the_reverse_complement_gets_the_same_logits_with_strands_swapped(network, length):
    reads = [golden._random(random.Random(length), length, "ACGTN") for _ in range(4)]
    there = _logits(network, reads)
    back = _logits(network, [plain._reverse_complement(r) for r in reads])
    assert torch.allclose(there[:, [0, 4, 5, 6, 1, 2, 3]], back, atol=1e-6)


def test_windows_of_a_long_read_are_symmetric_and_cover_it():
    for length in range(401, 3000, 7):
        parts = plain.windows(length, 300, 150, 400)
        assert parts[0][0] == 0 and parts[-1][1] == length
        assert sorted((length - e, length - s) for s, e in parts) == parts
        assert all(e - s in (300, 301) for s, e in parts)
        assert all(b[0] <= a[1] for a, b in zip(parts, parts[1:]))


def test_tokens_are_dnaberts():
    ids = six_frames(torch.from_numpy(tokens.encode("AAAAAAATCGNA" + "ACGT" * 12))[None])
    assert ids[0, 0, 0] == 5  # AAAAAA comes first after the five special tokens
    assert ids[0, 1, 0] == 5 and ids[0, 1, 1] == plain._token("AAATCG")
    assert ids[0, 2, 1] == tokens.UNK
