#!/usr/bin/env bash
# Checks BAM outputs of `readseeker split` against samtools: the records of all classes, merged in input order, are those
# of the input byte for byte once the tags cp and cf are taken off; the header is the input's with our @PG line; every
# record of a name is in one class; each file is whole.
# usage: tests/oracle/bam_vs_samtools.sh INPUT READSEEKER [FLAGS OF SPLIT...]
#   INPUT  BAM, SAM or CRAM; with --collate among the flags, order is not compared
set -euo pipefail

input=${1:?usage: bam_vs_samtools.sh INPUT READSEEKER [FLAGS...]}
readseeker=${2:?usage: bam_vs_samtools.sh INPUT READSEEKER [FLAGS...]}
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$readseeker" split "$input" --coding "$work/coding.bam" --noncoding "$work/noncoding.bam" --undecided "$work/undecided.bam" -q "$@"
samtools quickcheck -v "$work"/*.bam
python3 - "$work" "$input" "$@" <<'PYTHON'
import subprocess, sys

work, source, *flags = sys.argv[1:]

def view(*arguments):
    done = subprocess.run(["samtools", "view", "--no-PG", *arguments], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().splitlines()

def is_ours(field):
    return field.startswith(("cp:f:", "cf:i:"))

classes = ["coding", "noncoding", "undecided"]
expected = view(source)
expected_header = view("-H", source)
queues, where, scored = {}, {}, 0
for name in classes:
    header = view("-H", f"{work}/{name}.bam")
    ours = [line for line in header if line.startswith("@PG\tID:readseeker")]
    assert ours, "no @PG line of ours"
    rest = header[: -len(ours)]
    if "--collate" not in flags:
        assert rest == expected_header, f"{name}: header differs"
    else:
        assert rest[0].endswith("SO:unsorted\tGO:query") and rest[1:] == [l for l in expected_header if l[:3] != "@HD"], f"{name}: header differs"
    queues[name] = []
    for line in view(f"{work}/{name}.bam"):
        fields = line.split("\t")
        tags = [field for field in fields[11:] if is_ours(field)]
        assert len(tags) <= 2 and fields[len(fields) - len(tags):] == tags, "our tags come last"
        scored += bool(tags)
        queues[name].append("\t".join(field for field in fields if field not in tags))
        read = fields[0]
        assert where.setdefault(read, name) == name or ("--mates" in flags and "each" in flags), f"{read} is in two classes"
stripped = ["\t".join(f for n, f in enumerate(line.split("\t")) if n < 11 or not is_ours(f)) for line in expected]
if "--collate" in flags:
    assert sorted(stripped) == sorted(sum(queues.values(), [])), "other records"
else:
    heads = {name: iter(queue) for name, queue in queues.items()}
    heads = {name: [next(queue, None), queue] for name, queue in heads.items()}
    for number, line in enumerate(stripped, 1):
        for head in heads.values():
            if head[0] == line:
                head[0] = next(head[1], None)
                break
        else:
            sys.exit(f"record {number} is next in no class: {line}")
    assert all(head[0] is None for head in heads.values()), "more records than there were"
counts = ", ".join(f"{len(queue)} {name}" for name, queue in queues.items())
print(f"{source.rsplit('/', 1)[-1]}: {len(stripped)} records as samtools view shows them: {counts}; {scored} with a score")
PYTHON
