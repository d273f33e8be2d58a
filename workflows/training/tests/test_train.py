"""A run on a made-up genome: it learns, it stops where told, and it goes on from its state."""

from argparse import Namespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from along import soup as along_soup  # noqa: E402
from along import train as along_train  # noqa: E402
from compact import soup, tokens, train, training  # noqa: E402
from compact.fasta import Part  # noqa: E402
from compact.labels import mark_part  # noqa: E402
from compact.sampler import SHARES  # noqa: E402

_CODONS = [tokens.encode(c) for c in "GCT GAA AAA CTG GAC ATC CAG CGT ACC GTG".split()]


@pytest.fixture
def genome(tmp_path):
    """Six records of genes of few codons with random gaps between, of two organisms; one record is held out."""
    rng = np.random.default_rng(0)
    bases, labels, fields = [], [], []
    for record in range(6):
        pieces, parts, at = [], [], 0
        for _ in range(8):
            pieces += [rng.integers(0, 4, 700).astype(np.uint8)]
            gene = np.concatenate([_CODONS[i] for i in rng.integers(0, len(_CODONS), 300)])
            parts.append((at + 700, at + 1600))
            pieces += [gene]
            at += 1600
        sequence = np.concatenate(pieces)
        label = np.zeros(len(sequence), np.uint8)
        for start, end in parts:
            mark_part(label, Part("", start, end, "+", 0, "11", "curated"))
        bases.append(sequence)
        labels.append(label)
        held = ("x", "gamma") if record == 5 else ("", "")
        fields.append(("bacteria", f"r{record}", f"organism{record % 2}", *held))
    offsets = np.concatenate([[0], np.cumsum([len(b) for b in bases])])
    path = tmp_path / "data.npz"
    np.savez(path, bases=np.concatenate(bases), labels=np.concatenate(labels), offsets=offsets, fields=np.array(fields))
    return path


def _run(genome, folder, reads):
    arguments = Namespace(
        data=str(genome), run=folder, minutes=0, reads=reads, seed=1, order=0, recipe={}, mix="mammals",
        set={"embedding": 8, "channels": 8, "hidden": 8}, network="six frames", random_start=False, weight_decay=0.02, peak=training.PEAK, last=training.LAST, start_from=None, every_genus=False,
    )  # fmt: skip
    return train.Run(arguments)


def test_a_run_learns_and_resumes(genome, tmp_path):
    torch.set_num_threads(1)
    run = _run(genome, tmp_path / "run", 12_000)
    first = np.mean([run.step() for _ in range(2)])
    run.train()
    last = np.mean([run.step() for _ in range(2)])
    assert last < first - 0.3
    run.save()
    again = _run(genome, tmp_path / "run", 12_000)
    assert again.reads == run.reads and again.progress() >= 1
    kept = [torch.load(path) for path in sorted((tmp_path / "run/snapshots").glob("*.pt"))]
    assert len(kept) == len(training.SNAPSHOTS)
    mean = sum(state["stem.weight"] for state in kept) / len(kept)
    assert torch.allclose(train.load_average(tmp_path / "run").stem.weight, mean)


def test_measuring_leaves_the_statistics_of_the_batches(genome, tmp_path):
    run = _run(genome, tmp_path / "run", 1000)
    ids = train.to_tensors(run.sampler.batch(run.rng, 100, 64))[0]
    train.measure(run.network, [ids, ids])
    embedded = run.network.embedding(ids.reshape(-1, ids.shape[-1]))
    assert torch.allclose(run.network.embedding_norm.norm.running_mean, embedded.mean(dim=(0, 1)), atol=1e-4)
    assert not run.network.training and torch.allclose(run.network(ids), run.network(ids))


def _run_along(genome, folder, reads, settle_at=along_train.SETTLED, start_from=None):
    arguments = Namespace(
        data=str(genome), run=folder, minutes=0, reads=reads, seed=1, order=0, recipe={}, weight_decay=0.02, peak=training.PEAK, last=0.05, random_start=False,
        set={"embedding": 8, "channels": 8}, settle_at=settle_at, start_from=start_from, every_genus=False, chain=None,
    )  # fmt: skip
    return along_train.Run(arguments)


def test_the_network_along_the_read_ends_its_training_as_it_is_exported(genome, tmp_path):
    """By running statistics, which no batch moves any more: what a step trains on is what the exported network computes."""
    run = _run_along(genome, tmp_path / "run", 3000)
    run.network.train()
    while run.progress() < along_train.SETTLED:
        run.step()
    run.step()
    before = {k: v.clone() for k, v in run.network.state_dict().items() if "running" in k}
    run.step()
    after = run.network.state_dict()
    assert all(torch.equal(v, after[k]) for k, v in before.items())
    run.train()
    assert (tmp_path / "run" / training.EXPORTED).exists()
    exported = along_train.load(tmp_path / "run").state_dict()
    assert all(torch.allclose(exported[k], run.network.state_dict()[k], atol=1e-6) for k in before)


def test_runs_from_one_start_are_averaged(genome, tmp_path):
    runs = [_run(genome, tmp_path / name, 3000) for name in "ab"]
    assert torch.equal(runs[0].network.stem.weight, runs[1].network.stem.weight)
    runs[1].rng = np.random.default_rng(2)
    for run in runs:
        run.train()
    soup.average(genome, tmp_path / "soup", [f"{tmp_path}/a=2", f"{tmp_path}/b=1"])
    one, other, both = (train.load_average(tmp_path / name) for name in ("a", "b", "soup"))
    assert not torch.equal(one.stem.weight, other.stem.weight)
    assert torch.allclose(both.stem.weight, (2 * one.stem.weight + other.stem.weight) / 3, atol=1e-6)
    assert not torch.allclose(both.stem_norm.norm.running_mean, (2 * one.stem_norm.norm.running_mean + other.stem_norm.norm.running_mean) / 3)


def test_runs_along_the_read_from_one_start_are_averaged(genome, tmp_path):
    start = _run_along(genome, tmp_path / "start", 1500)
    start.train()
    for name in "ab":
        run = _run_along(genome, tmp_path / name, 1500, settle_at=0, start_from=str(tmp_path / "start"))
        run.rng = np.random.default_rng(ord(name))
        run.train()
    along_soup.average(tmp_path / "soup", [f"{tmp_path}/a=2", f"{tmp_path}/b=1"])
    one, other, both = (along_train.load(tmp_path / name) for name in ("a", "b", "soup"))
    assert not torch.equal(one.stem, other.stem)
    assert torch.allclose(both.stem, (2 * one.stem + other.stem) / 3, atol=1e-6)
    stranger = _run_along(genome, tmp_path / "stranger", 1500)
    stranger.rng = np.random.default_rng(9)
    stranger.train()
    with pytest.raises(SystemExit, match="running_mean differs"):
        along_soup.average(tmp_path / "soup", [f"{tmp_path}/a=1", f"{tmp_path}/stranger=1"])


def test_every_genus_trains_on_all_but_the_sentinels(genome, monkeypatch):
    training.load_data.cache_clear()
    held = training.load_data(genome).held
    assert (held != "").sum() == 1
    assert (training.load_data(genome, every_genus=True).held == "").all()
    monkeypatch.setattr(training.holdout, "SENTINELS", ("x",))
    training.load_data.cache_clear()
    assert (training.load_data(genome, every_genus=True).held == held).all()


def test_organisms_are_drawn_as_often_coding_as_not(genome):
    sampler = train.Sampler(training.Data(genome), train.Recipe(shares={"bacteria": SHARES["bacteria"]}, errors=0, indels=0))
    coding, gaps = sampler.pools[:2]
    rng = np.random.default_rng(0)
    for length in (60, 150, 300):
        shares = [np.bincount(p.organism[np.searchsorted(p.runs.start, s, side="right") - 1]) for p in (coding, gaps) for _, s in [p.draw(rng, 4000, length)]]
        assert np.allclose(shares[0] / 4000, shares[1] / 4000, atol=0.05)


def test_the_loss_wants_any_right_frame():
    logits = torch.zeros(1, 7)
    logits[0, 2] = 5.0
    coded = torch.ones(1)
    both = torch.tensor([[False, True, True, False, False, False]])
    wrong = torch.tensor([[True, False, False, False, False, False]])
    assert train.loss_of(logits, coded, both) < train.loss_of(logits, coded, wrong) - 3
    assert train.loss_of(logits, coded, both) < train.loss_of(logits, torch.zeros(1), both) - 3
