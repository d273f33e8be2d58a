__author__ = "The readseeker developers"
__copyright__ = "Copyright 2026, The readseeker developers"
__license__ = "Apache-2.0"

import os

from snakemake.shell import shell

CLASSES = ("coding", "noncoding", "undecided")
TABLES = ("scores", "genes", "proteins", "cds", "windows", "json", "html", "multiqc")


def paths_of(files, name):
    """The paths given under a name: none, one or several."""
    paths = files.get(name, [])
    return [paths] if isinstance(paths, str) else list(paths)


def literal(path):
    """A path as --coding takes it: a single # in a file name would stand for the mates."""
    folder, name = os.path.split(path)
    return os.path.join(folder, name.replace("#", "##"))


def class_flags(name):
    """A class's outputs: one file, or one for each mate."""
    paths = paths_of(snakemake.output, name)
    if len(paths) > 2:
        raise ValueError(f"output {name}: expected 1 or 2 files, not {len(paths)}")
    # Where both mates have a path, both are taken as they stand.
    if len(paths) == 1:
        return [(f"--{name}", literal(paths[0]))]
    return list(zip((f"--{name}", f"--{name}2"), paths))


def output_flags():
    flags = [flag for name in CLASSES for flag in class_flags(name)]
    given = {flag for flag, _ in flags}
    if not given & {"--coding", "--noncoding"}:
        raise ValueError("output: expected coding, noncoding or both")
    # Both classes are required by the program; one that no rule asks for is discarded.
    flags += [(flag, "/dev/null") for flag in ("--coding", "--noncoding") if flag not in given]
    for name in TABLES:
        flag = "--windows-out" if name == "windows" else f"--{name}"
        paths = paths_of(snakemake.output, name)
        # The program names the other files for MultiQC after the first one.
        flags += [(flag, path) for path in (paths[:1] if name == "multiqc" else paths)]
    return flags


reads = paths_of(snakemake.input, "reads")
if not reads:
    raise ValueError("input: expected reads")
flags = output_flags()
flags += [(f"--{name}", path) for name in ("model", "reference") for path in paths_of(snakemake.input, name)]

device = snakemake.params.get("device") or ("gpu" if snakemake.resources.get("gpu") else "cpu")
flags += [("--device", device)]
extra = snakemake.params.get("extra", "")
if "--collate" in extra and "--temp-dir" not in extra:
    flags += [("--temp-dir", snakemake.resources.get("tmpdir", "/tmp"))]
if "--force" not in extra.split():
    flags += [("--force",)]  # Snakemake decides what is made again, also beside the files that it knows
arguments = [part for flag in flags for part in flag]

log = snakemake.log_fmt_shell(stdout=False, stderr=True)

shell(
    "readseeker split {reads:q} {arguments:q} --threads {snakemake.threads} --progress log {extra} {log}"
)
