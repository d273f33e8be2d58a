"""Laws of the network that makes calls along the read, of its truth and of its decoder."""

import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from along import calibrate, calls, carry, chain, codons, decode, evaluate, export, grid, long, network, plain, sampler, train, truth, turn  # noqa: E402
from compact import tokens  # noqa: E402
from compact.labels import LEFT_OUT  # noqa: E402

SHAPES = [{"channels": 16, "embedding": 8, "levels": 2}, {"channels": 16, "levels": 4, "fine": 1, "compete": 1, "activation": "relu"}]
MIRRORED = [0, 4, 5, 6, 1, 2, 3]


def _random(rng, length, letters="ACGT"):
    return "".join(rng.choice(letters) for _ in range(length))


@pytest.fixture(params=SHAPES)
def net(request):
    """A network as training leaves one: statistics that are not those of the start."""
    torch.manual_seed(3)
    made = network.Along(network.Settings(**request.param))
    with torch.no_grad():
        made.embedding.weight[:5] = 0
        made.embedding.weight[tokens.UNK] = 0.2
        for name, value in made.state_dict().items():
            if name.endswith("running_mean"):
                value.normal_(0, 0.2)
            if name.endswith(("running_var", "norm.weight")):
                value.uniform_(0.5, 2)
    return made.eval()


def _logits(net, sequence):
    with torch.no_grad():
        return net(torch.from_numpy(grid.strands(grid.laid(tokens.encode(sequence)))))[0]


@pytest.mark.parametrize("length", [30, 60, 61, 62, 63, 100, 150, 299, 300, 301, 400])
def test_the_reverse_complement_gets_mirrored_logits(net, length):
    read = _random(random.Random(length), length, "ACGTN")
    there, back = _logits(net, read), _logits(net, plain.reverse_complement(read))
    assert torch.allclose(there.flip(0)[:, MIRRORED], back, atol=1e-5)


@pytest.mark.parametrize("length", [7, 30, 60, 61, 62, 63, 100, 150, 151, 299, 300, 301, 617])
def test_the_exported_network_is_the_trained_one(net, tmp_path, length):
    rng = random.Random(length)
    export.write(net, tmp_path, name="t", decoder=_decoder())
    model = plain.Model(tmp_path)
    for read in (_random(rng, length), _random(rng, length, "ACGTNacgu")):
        assert torch.allclose(_logits(net, read), model.logits(read), atol=1e-5)


def test_training_can_go_on_from_an_exported_checkpoint(net, tmp_path):
    export.write(net, tmp_path, name="t", decoder=_decoder())
    again = export.restored(tmp_path)
    read = _random(random.Random(4), 301)
    assert torch.allclose(_logits(net, read), _logits(again, read), atol=1e-5)


@pytest.mark.parametrize("count", range(1, 80))
def test_groups_are_the_same_from_both_ends(count):
    sizes = network.groups(count)
    assert sum(sizes) == count and sizes == sizes[::-1] and sizes == plain.group_sizes(count)


def test_a_position_sees_its_own_frame():
    """Tokens of the position t of frame f start at 9 t + f - 6, -3, 0, 3, 6, 9."""
    read = _random(random.Random(1), 90)
    ids = grid.strands(tokens.encode(read)[None])[0]
    for t, f in itertools.product(range(10), range(3)):
        starts = [9 * t + f + 3 * k for k in range(-2, 4)]
        seen = [plain.token(read[s : s + 6]) if s >= 0 else 0 for s in starts]
        assert ids[0, f, t : t + 2].ravel().tolist() == seen


def _costs():
    return decode.Costs(0.7, 1.3, 0.2, 0.8, 1.4, 0.4, 1.9, 1.1, 0.7, 2.6, 0.3)


def _decoder():
    return decode.Decoder(_costs(), decode.Costs(0.6, 2.1, 0.1, 1.1, 2.5, 0.5, 5.0, 4.0, 2.2, 3.2, 0.8))


def _all_paths(scores, table):
    for path in itertools.product(range(7), repeat=len(scores)):
        moves = sum(table[t, a, b] for t, (a, b) in enumerate(zip(path, path[1:])))
        yield path, sum(scores[t, s] for t, s in enumerate(path)) + moves


def test_viterbi_and_sums_agree_with_every_path():
    rng = np.random.default_rng(5)
    scores = rng.normal(0, 2, (3, 5, 7))
    table = decode.transitions(_costs(), rng.random((3, 3, 4, 6)) < 0.4)
    best, posterior, odds = decode.viterbi(scores, table), decode.posteriors(scores, table), decode.odds(scores, table)
    for i in range(len(scores)):
        paths = list(_all_paths(scores[i], table[i]))
        assert tuple(best[i]) == max(paths, key=lambda p: p[1])[0]
        total = np.zeros((5, 7))
        for path, score in paths:
            total[np.arange(5), path] += np.exp(score)
        assert np.allclose(posterior[i], total / total[0].sum())
        coding = sum(np.exp(score) for path, score in paths if 0 not in path)
        assert np.isclose(odds[i], np.log(coding) - scores[i, :, 0].sum())


@pytest.mark.parametrize("steps", [1, 4, 5])
def test_a_read_breaks_even_where_its_best_path_turns(steps):
    rng = np.random.default_rng(steps)
    scores, found = rng.normal(0, 2, (6, steps, 7)), rng.random((3, 6, steps - 1, 6)) < 0.2
    table, weight = decode.transitions(_costs(), found), _costs().weight
    evidence, at_turn = decode.break_even(scores, table, weight)
    for i in range(len(scores)):
        ahead = []
        for prior in (-evidence[i], -evidence[i] - 0.01, -evidence[i] + 0.01):
            best = {True: -np.inf, False: -np.inf}
            for path, score in _all_paths(scores[i], table[i]):
                none = path.count(0)
                best[2 * none <= steps] = max(best[2 * none <= steps], score - weight * prior * none)
            ahead.append(best[True] - best[False])
        assert abs(ahead[0]) < 1e-6 and ahead[1] < 0 < ahead[2]
        assert 2 * (at_turn[i] == 0).sum() <= steps


def test_shifts_gain_what_the_best_path_has_over_the_best_one_without():
    rng = np.random.default_rng(8)
    logits, found = rng.normal(0, 4, (4, 5, 7)), rng.random((3, 4, 4, 6)) < 0.2
    logits[..., 0] -= 5
    costs = _costs()
    scores, table = decode.emissions(logits, costs, costs.prior), decode.transitions(costs, found)
    gains = decode.gain(logits, found, costs)
    assert (gains > 0).any()
    for i in range(len(scores)):
        paths = list(_all_paths(scores[i], table[i]))
        strand = lambda state: (state + 2) // 3  # noqa: E731

        def shifts(path):
            """One that ends at a stop codon gives way to the next gene, which is no shift."""
            steps = [(a, b, stops) for a, b, stops in zip(path, path[1:], found[0, i]) if a != b and strand(a) == strand(b)]
            return any(not stops[(a if strand(a) == 1 else b) - 1] for a, b, stops in steps)

        without = max(score for path, score in paths if not shifts(path))
        assert np.isclose(gains[i] * decode.FEWEST, max(score for _, score in paths) - without)


def test_a_long_read_is_called_as_a_short_one_where_shifts_gain_little():
    rng = np.random.default_rng(9)
    logits, found = rng.normal(0, 1, (2, 40, 7)), np.zeros((3, 2, 39, 6), bool)
    logits[0, :, 1] += 3  # one frame throughout
    logits[1, np.arange(40), 1 + np.arange(40) // 4 % 3] += 3  # a shift every four positions
    own = [decode.viterbi(decode.emissions(logits, c, c.prior), decode.transitions(c, found)) for c in _decoder()]
    called, costs = decode.called(logits, found, _decoder(), 360)
    assert (called[0] == own[1][0]).all() and (called[1] == own[0][1]).all()
    assert (own[0][1] != own[1][1]).any()
    assert costs == [_decoder().short, _decoder().long]
    assert (decode.called(logits, found, _decoder(), 320)[0] == own[1]).all()


@pytest.mark.parametrize("steps", [2, 35, 67])
def test_the_posteriors_that_training_goes_through_are_the_decoders(steps):
    rng = np.random.default_rng(steps)
    logits, found = rng.normal(0, 4, (3, steps, 7)), rng.random((3, 3, steps - 1, 6)) < 0.1
    expected = decode.posteriors(decode.emissions(logits, _costs()), decode.transitions(_costs(), found))
    learnt = chain.posteriors(torch.from_numpy(logits), chain.factors_of(_costs(), found), _costs().weight)
    assert np.allclose(learnt, expected, atol=1e-5)


def test_the_loss_through_the_chain_falls_where_the_right_class_gains():
    rng = np.random.default_rng(2)
    bases = rng.integers(0, 4, (4, 9 * 12), np.uint8)
    right = torch.full((4, 12), 2, dtype=torch.uint8)  # plus frame 0
    right[0, :3] = truth.UNKNOWN
    logits = torch.zeros(4, 12, 7, requires_grad=True)
    loss = train.chain_loss(logits, bases, right, _costs())
    loss.backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[:, :, 1] < 0).all()  # also where the truth is unknown: neighbours tell
    with torch.no_grad():
        assert train.chain_loss(logits - logits.grad, bases, right, _costs()) < loss


@pytest.mark.parametrize("steps", [2, 17, 35])
def test_what_training_learns_of_a_read_is_where_it_breaks_even(steps):
    rng = np.random.default_rng(steps)
    logits, found = rng.normal(0, 2, (40, steps, 7)), rng.random((3, 40, steps - 1, 6)) < 0.1
    costs = _costs()
    expected, _ = decode.break_even(decode.emissions(logits, costs), decode.transitions(costs, found), costs.weight)
    assert np.allclose(turn.log_odds(torch.from_numpy(logits), costs, found), expected, atol=1e-3)


def test_the_loss_of_reads_asks_for_what_most_of_a_read_is():
    rng = np.random.default_rng(8)
    bases = rng.integers(0, 4, (4, 9 * 12), np.uint8)
    right = torch.ones(4, 12, dtype=torch.uint8)  # none
    right[0] = 2
    right[2, :6] = 2  # half and half: not asked
    right[3, :6] = truth.UNKNOWN  # too little is known
    logits = torch.from_numpy(rng.normal(0, 1, (4, 12, 7))).requires_grad_()
    loss = train.read_loss(logits, bases, right, _costs())
    loss.backward()
    assert (logits.grad[:2] != 0).any(dim=(1, 2)).all() and not logits.grad[2:].any()
    assert (logits.grad[0, :, 0] >= 0).all() and (logits.grad[1, :, 0] <= 0).all()
    with torch.no_grad():
        assert train.read_loss(logits - 0.1 * logits.grad, bases, right, _costs()) < loss


def test_mirrored_scores_get_mirrored_paths():
    rng = np.random.default_rng(6)
    scores = rng.normal(0, 2, (4, 30, 7))
    bases = rng.integers(0, 4, (4, 270)).astype(np.uint8)
    table, mirrored = (decode.transitions(_costs(), codons.of(one)) for one in (bases, tokens.COMPLEMENT[bases[:, ::-1]]))
    there, back = decode.viterbi(scores, table), decode.viterbi(scores[:, ::-1][..., MIRRORED], mirrored)
    assert (np.array(MIRRORED)[there[:, ::-1]] == back).all()


def test_a_codon_belongs_to_the_border_where_its_gene_ends_or_starts():
    """A position is of a gene if its middle base is."""
    for start, frame in itertools.product(range(9, 36), (0, 3)):
        text = "C" * start + "TGA" + "C" * (51 - start)
        read = text if frame == 0 else plain.reverse_complement(text)
        stop, *_ = codons.of(tokens.encode(read)[None])[:, 0]
        [[border, state]] = np.argwhere(stop).tolist()
        assert state == frame + start % 3
        middles = 9 * np.arange(6) + 4
        last = (middles <= start + 2).sum() - 1  # of the gene's strand
        assert border == (last if frame == 0 else 4 - last)
        for kind, codon in ((1, "ATG"), (2, "GTG"), (2, "TTG")):
            text = "C" * start + codon + "C" * (51 - start)
            read = text if frame == 0 else plain.reverse_complement(text)
            begin = codons.of(tokens.encode(read)[None])[kind, 0]
            [[border, state]] = [pair for pair in np.argwhere(begin).tolist() if pair[1] // 3 == frame // 3]
            first = (middles < start).sum()
            assert (border, state) == (first - 1 if frame == 0 else 5 - first, frame + start % 3)


@pytest.mark.parametrize("length", [60, 100, 299, 300, 301])
def test_calls_of_a_read_are_counted_from_its_own_first_base(length):
    """A stretch of frame f of the padded read, as a frame of the read: codons start at the same bases."""
    side, count = grid.margin(length), grid.positions(length)
    for f in range(3):
        called = evaluate.classes(np.full(count, 1 + f), length)
        assert len(called) == length and (called == 1 + (f - side) % 3).all()


def _mirrored(found, length):
    return sorted(calls.Stretch(length - end, length - start, frame + 3 if frame <= 3 else frame - 3) for start, end, frame in found)


@pytest.mark.parametrize("length", [100, 151, 300, 301, 722])
@pytest.mark.parametrize("costs", [_costs(), _costs()._replace(shift_at_stop=1.1)])
def test_mirrored_states_get_mirrored_stretches(length, costs):
    rng = np.random.default_rng(length)
    read = rng.integers(0, 4, length).astype(np.uint8)
    states = rng.integers(0, 7, grid.positions(length) // 5 + 1).repeat(5)[: grid.positions(length)]
    back = calls.stretches(np.array(MIRRORED)[states[::-1]], tokens.COMPLEMENT[read][::-1], costs)
    assert sorted(calls.stretches(states, read, costs)) == _mirrored(back, length)


def test_a_gene_ends_at_its_stop_codon_and_starts_at_its_start_codon():
    gap, gene = "CCT" * 20, "ATG" + "GCC" * 30 + "TAA"
    read = tokens.encode(gap + gene + gap)  # the gene's bases are 60 to 156, its frame 1
    assert len(read) == 216 and grid.margin(216) == 0
    states = np.zeros(24, dtype=int)
    states[7:17] = 1  # bases 63 to 153
    assert calls.stretches(states, read, _costs()) == [calls.Stretch(60, 156, 1)]
    states[:17] = 1  # begins before the read does
    assert calls.stretches(states, read, _costs()) == [calls.Stretch(0, 156, 1)]
    states[:17], states[7:17] = 0, 2  # no such codon in that frame
    assert calls.stretches(states, read, _costs()) == [calls.Stretch(63, 153, 2)]


def test_a_gene_that_ends_where_the_next_one_begins_is_a_gene_of_its_own():
    first, second = "ATG" + "GCC" * 22 + "GCATGA", "ATGAGC" + "CGT" * 25 + "C"  # they share ATGA
    read = tokens.encode(first + second[4:])
    states = np.where(np.arange(17) < 8, 1, 3)
    assert len(read) == 153 and grid.margin(153) == 0
    assert calls.stretches(states, read, _costs()) == [calls.Stretch(0, 75, 1), calls.Stretch(71, 153, 3)]
    shifted = calls.stretches(states, read, _costs()._replace(shift_at_stop=1.1))
    assert shifted == [calls.Stretch(0, 72, 1), calls.Stretch(72, 153, 3)]


def test_the_truth_is_the_genomes_whatever_was_lost_and_gained():
    """A gene of one frame over the whole window: each position that knows its frame shows the gene's own codons."""
    rng = np.random.default_rng(2)
    codon_start = 1  # of the record: codons start at positions = 1 (mod 3)
    for strand in (0, 1):
        window = np.tile(np.array([0, 1, 2], dtype=np.uint8), 200)[None].repeat(64, axis=0)  # ACG ACG: any codon tells its phase
        label = np.full(window.shape, 1 << (codon_start + 3 * strand), dtype=np.uint8)
        made = sampler.spoiled(rng, sampler.Recipe(noisy=1.0, most_noisy=0.02, substituted=0, rare=0, unknown=0), window, label, np.zeros(64, np.uint8), 34)
        bases = made.bases if strand == 0 else np.where(made.bases < 4, 3 - made.bases, made.bases)[:, ::-1]
        agreed = total = 0
        for read, right in zip(bases, made.right if strand == 0 else made.right[:, ::-1]):
            for t, bits in enumerate(right):
                if bits == truth.UNKNOWN:
                    continue
                frame = int(np.log2(bits)) - 1 - 3 * strand
                assert 0 <= frame < 3
                codon = 9 * t + 3 + frame - (3 if frame == 2 else 0)  # around the middle base
                expected = [1, 2, 0] if strand == 0 else [3 - 1, 3 - 0, 3 - 2]
                agreed += read[codon : codon + 3].tolist() == expected
                total += 1
        assert agreed / total > 0.93  # the others have a base lost or gained in them


def test_errors_come_at_the_rate_asked_for():
    rng = np.random.default_rng(4)
    read = rng.integers(0, 4, 20_000).astype(np.uint8)
    assert (calibrate.worn(rng, read, 0.0) == read).all()
    read[:] = 2
    spoiled = calibrate.worn(rng, read, 0.1)
    assert abs(len(spoiled) - len(read) * (1 - 0.035 + 0.025)) < 100
    # Three in four of the substituted and of the gained bases differ from the one that was there.
    assert abs((spoiled != 2).mean() - 0.75 * 0.065) < 0.01


def test_small_viruses_count_more():
    boosts = sampler.small_viruses(np.array(["Herpesviridae", "Flaviviridae", "Flaviviridae"]))
    assert boosts == {"Flaviviridae": sampler.SMALL_VIRUS_BOOST}


def test_left_out_bases_have_no_truth():
    marks = np.array([0, 1, LEFT_OUT, 1 | LEFT_OUT, 0b1001], dtype=np.uint8)
    right = truth.classes(marks, np.zeros(5, np.uint8), 90)
    assert right.tolist()[:4] == [truth.NONE, 2, truth.UNKNOWN, truth.UNKNOWN] and bin(right[4]).count("1") == 2


def test_a_calibration_carried_over_to_the_same_network_and_costs_stays(net):
    rng, long_one = np.random.default_rng(3), {"lengths": [300], "scale": [1], "shift": [0]}
    short_one = {"lengths": [60, 300], "scale": [1.5, 0.7], "shift": [-0.4, 0.3]}
    config = _decoder().settings(long_one, short_one)
    sequences = [rng.integers(0, 4, 330, np.uint8) for _ in range(40)]
    found = carry.carried(net, config, net, _decoder(), sequences)
    for length in (60, 150, 300):
        share = calibrate.statistic(net, carry.pieces(rng, sequences, length), _decoder())
        assert np.allclose(calibrate.probabilities(share, length, found), calibrate.probabilities(share, length, short_one), atol=0.005)


def test_long_reads_are_stitched_symmetrically(net):
    read = _random(random.Random(8), 2500)
    there = long.logits_of(net, grid.laid(tokens.encode(read)))
    back = long.logits_of(net, grid.laid(tokens.encode(plain.reverse_complement(read))))
    assert len(there) == grid.positions(2500)
    assert np.allclose(there[::-1][:, MIRRORED], back, atol=1e-5)


@pytest.mark.parametrize("length", [150, 319, 320, 321, 719, 720, 721, 729, 1300, 1304, 2501])
def test_reads_of_any_length_are_called_as_the_reference_calls_them(net, tmp_path, length):
    export.write(net, tmp_path, name="t", decoder=_decoder())
    model, read = plain.Model(tmp_path), _random(random.Random(length), length)
    ours, reference = evaluate.many(net, [tokens.encode(read)])[0], model.read(read)
    assert np.allclose(ours, reference, atol=2e-5)
    assert evaluate.decoded([tokens.encode(read)], [ours], _decoder())[0][0].tolist() == model.states(torch.from_numpy(ours), read)[0]


def test_the_committed_goldens_are_what_the_training_code_says_of_the_committed_checkpoint():
    root = Path(__file__).parents[3]
    folder, goldens = root / "src" / "model" / "builtin" / "along", root / "testdata" / "along" / "golden.tsv"
    net, decoder = export.restored(folder), decode.decoder_of(json.loads((folder / "config.json").read_text()))
    for line in goldens.read_text().splitlines()[1::4]:
        read, text, states, numbers, *_ = line.split("\t")
        assert text == plain.seen(read)[0]
        codes = tokens.encode(text)
        logits = evaluate.many(net, [codes])[0]
        shown = logits if len(logits) <= 130 else logits[::7]
        assert np.allclose(shown.ravel(), np.array(numbers.split(), dtype=float), atol=3e-5)
        assert "".join(map(str, evaluate.decoded([codes], [logits], decoder)[0][0])) == states


def test_what_is_seen_of_a_read_has_all_its_known_bases_in_their_frames():
    rng = random.Random(5)
    for _ in range(200):
        parts = [_random(rng, rng.randint(6, 30)) + "N" * rng.choice((1, 7, 8, 9, 10, 11, 12, 90)) for _ in range(rng.randint(1, 4))]
        read = "N" * rng.randint(0, 9) + "".join(parts)
        text, bases = plain.seen(read)
        assert [read[base] for base in bases] == list(text)
        assert text.replace("N", "") == read.replace("N", "") and text[0] != "N" != text[-1] and "N" * 9 not in text
        assert all((base - bases[0] - at) % 3 == 0 for at, base in enumerate(bases) if read[base] != "N")
        turned, others = plain.seen(plain.reverse_complement(read))
        assert turned == plain.reverse_complement(text)
        known = [at for at, letter in enumerate(text) if letter != "N"]
        assert [len(read) - 1 - bases[at] for at in known] == [others[len(text) - 1 - at] for at in known]
