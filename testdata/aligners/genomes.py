"""A reference, the genome that is sequenced, and long reads of it: genomes.py VIRUS_FA_GZ OUT"""

import gzip
import pathlib
import random
import sys

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def other_strand(bases):
    return bases.translate(COMPLEMENT)[::-1]


def record(path, accession):
    bases, inside = [], False
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                if inside:
                    break
                inside = line[1:].split()[0] == accession
            elif inside:
                bases.append(line.strip().upper())
    return "".join(bases)


def long_read(genome, rng):
    """A noisy piece of either strand, with the tags of a nanopore base caller after its name."""
    start = rng.randrange(len(genome) - 900)
    bases = genome[start : start + rng.randrange(700, 2500)]
    if rng.random() < 0.5:
        bases = other_strand(bases)
    noisy = []
    for base in bases:
        chance = rng.random()
        if chance < 0.02:
            continue
        noisy.append(rng.choice("ACGT") if chance < 0.05 else base)
        if chance > 0.98:
            noisy.append(rng.choice("ACGT"))
    bases = "".join(noisy)
    skips = [rng.randrange(3) for _ in range(bases.count("C") // 4)]
    likelihoods = ",".join(str(rng.randrange(256)) for _ in skips)
    return bases, f"MM:Z:C+m?,{','.join(map(str, skips))};\tML:B:C,{likelihoods}\tqs:f:{rng.randrange(80, 200) / 8}\tch:i:{rng.randrange(512)}"


def main():
    source, out = sys.argv[1], pathlib.Path(sys.argv[2])
    rng = random.Random(20260)
    polio = record(source, "NC_002058.3")
    spacer = "".join(rng.choices("ACGT", k=300))
    (out / "reference.fa").write_text(f">polio\n{polio}\n>twice\n{spacer}{polio[2000:2600]}{spacer}\n")
    sequenced = polio[:1500] + other_strand(polio[1500:3000]) + polio[5000:6000] + polio[3000:4500] + polio[6000:]
    (out / "sequenced.fa").write_text(f">sequenced\n{sequenced}\n")
    with open(out / "long.fq", "w") as file:
        for n in range(25):
            bases, tags = long_read(sequenced, rng)
            quality = "".join(chr(33 + rng.randrange(5, 30)) for _ in bases)
            file.write(f"@long{n}\t{tags}\n{bases}\n+\n{quality}\n")


if __name__ == "__main__":
    main()
