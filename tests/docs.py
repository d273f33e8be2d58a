#!/usr/bin/env python3
"""Checks the documentation against the program: tests/docs.py READSEEKER

Every ```sh block of README.md and docs/ is run by bash, in a folder of its own with small stand-ins for the files it
names. Left out are blocks that call cargo and those under a line `<!-- not run: WHY -->`. Every flag that the guides
name must be in some `--help`, every test that docs/guarantees.md names must exist, and every relative link and anchor
of every .md file must lead somewhere.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTDATA = ROOT / "testdata"
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# What the guides call their files, and what stands in for each.
STAND_INS = {
    "reads.fq.gz": "community_R1.fq.gz",
    "reads_1.fq.gz": "community_R1.fq.gz",
    "reads_2.fq.gz": "community_R2.fq.gz",
    "L1_1.fq.gz": "community_R1.fq.gz",
    "L1_2.fq.gz": "community_R2.fq.gz",
    "L2_1.fq.gz": "community_R1.fq.gz",
    "L2_2.fq.gz": "community_R2.fq.gz",
    "sample.bam": "community.bam",
    "genes.gff3": "community.gff3",
    "lane1.bam": "aligners/bwa.bam",
    "lane2.bam": "aligners/bwa.bam",
    "sorted.bam": "aligners/bwa.sorted.bam",
    "mixed.bam": "aligners/bowtie2.bam",
    "nanopore.bam": "aligners/minimap2.bam",
    "sample.cram": "odd/mapped.3.1.cram",
    "reference.fa": "odd/reference.fa",
    "bert": "parity/k6_tiny_zip",
    "truth.tsv": "truth.tsv",
}
# Made from the others.
MAKE = """
printf 'L1_1.fq.gz\\tL1_2.fq.gz\\nL2_1.fq.gz\\tL2_2.fq.gz\\n' >lanes.tsv
readseeker split reads_1.fq.gz reads_2.fq.gz --coding interleaved.fq.gz --noncoding /dev/null --threshold 0 -q
readseeker split nanopore.bam --coding nanopore.fq.gz --noncoding /dev/null --threshold 0 -q
printf 'sequence\\tlabel\\tgroup\\n' >test.tsv
gzip -dc reads_1.fq.gz | awk -F '\\t' '
    NR == FNR { if ($2 == 1) { share[$1] = $4; source[$1] = $3 } next }
    FNR % 4 == 1 { name = substr($1, 2); sub("[ /].*", "", name) }
    FNR % 4 == 2 { print $0 "\\t" (share[name] >= 0.5) "\\t" source[name] }' truth.tsv - >>test.tsv
gzip test.tsv
awk '$3 == "CDS" { print $1 "\\t" $4 - 1 "\\t" $5 }' genes.gff3 >genes.bed
awk 'BEGIN { srand(1); print ">chr1"; for (i = 0; i < 3000; i++) printf "%s", substr("ACGT", int(4 * rand()) + 1, 1); print "" }' >genome.fa
printf 'chr1\\tx\\tCDS\\t301\\t900\\t.\\t+\\t0\\tID=c\\n' >genome.gff3
"""


def blocks(path):
    """The line and text of each block to run."""
    text = path.read_text()
    for block in re.finditer(r"(<!-- not run: .*-->\n)?```sh\n(.*?)```", text, re.DOTALL):
        if not block[1] and not re.search(r"^cargo ", block[2], re.MULTILINE):
            yield text.count("\n", 0, block.start()) + 1, block[2]


def run_blocks(program, problems):
    path = f"{program.parent}:/usr/local/bin:/usr/bin:/bin"
    bash = lambda script, folder: subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env={"PATH": path}, capture_output=True, text=True
    )
    ran = 0
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch, "files")
        files.mkdir()
        for name, source in STAND_INS.items():
            source = TESTDATA / source
            (shutil.copytree if source.is_dir() else shutil.copy)(source, files / name)
        made = bash(MAKE, files)
        assert made.returncode == 0, made.stderr
        for guide in GUIDES:
            for line, block in blocks(guide):
                ran += 1
                folder = Path(scratch, str(ran))
                shutil.copytree(files, folder)
                outcome = bash(block, folder)
                if outcome.returncode != 0:
                    problems.append(f"{guide.relative_to(ROOT)}:{line}: exit {outcome.returncode}: {outcome.stderr}")
                shutil.rmtree(folder)
    return ran


def check_flags(program, problems):
    commands = (["split"], ["score"], ["kmers"], ["reads"], ["evaluate"], ["train"], ["model", "fetch"], ["device"], ["model", "info"], ["selftest"])
    helps = [subprocess.run([program, *command, "--help"], capture_output=True, text=True).stdout for command in commands]
    known = set(re.findall(r"--[a-z0-9-]+", "".join(helps)))
    for guide in GUIDES:
        for flag in re.findall(r"`(--[a-z0-9-]+)", guide.read_text()):
            if flag not in known | {"--no-default-features"}:
                problems.append(f"{guide.relative_to(ROOT)}: no such flag: {flag}")


def check_guarantees(problems):
    """Every test that docs/guarantees.md names must be there."""
    sources = "".join(path.read_text() for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.rs"))
    tests = set(re.findall(r"\bfn ([a-z0-9_]+)\(", sources))
    named = re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`", (ROOT / "docs/guarantees.md").read_text())
    problems += [f"docs/guarantees.md: no such test: {name}" for name in named if name not in tests]
    if not named:
        problems.append("docs/guarantees.md names no tests")


def anchors(path):
    """The anchors that GitHub makes of a file's headings."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(problems):
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in map(ROOT.joinpath, listed.split()):
        text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"https?:|mailto:", link):
                continue
            target, _, anchor = link.partition("#")
            target = path.parent / target if target else path
            if not target.exists() or anchor and anchor not in anchors(target):
                problems.append(f"{path.relative_to(ROOT)}: leads nowhere: {link}")


def main():
    program = Path(sys.argv[1]).resolve()
    problems = []
    check_links(problems)
    check_flags(program, problems)
    check_guarantees(problems)
    ran = run_blocks(program, problems)
    print("\n".join(problems + [f"{ran} blocks run, {len(problems)} problems"]))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
