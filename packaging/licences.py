#!/usr/bin/env python3
"""Writes THIRDPARTY.md, the licences of all libraries in the program: packaging/licences.py [--check]

The libraries are those of `cargo tree`; their licence files come from cargo's own copies of the crates. A licence that is
not in ACCEPTED ends it with an error. With --check nothing is written, and a file that is out of date is an error.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "THIRDPARTY.md"

# The first of these that a library offers is the one it is used under.
ACCEPTED = ["Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Zlib", "0BSD", "BSL-1.0", "CC0-1.0",
            "Unlicense", "Unicode-3.0", "MPL-2.0", "bzip2-1.0.6", "CDLA-Permissive-2.0"]
# Libraries whose Cargo.toml names a file instead of a licence.
BY_FILE = {"cfg_block": "Apache-2.0"}
# C libraries inside of crates, whose licence files are not beside Cargo.toml. Crates that bind a C library are here, or need nothing more.
BUNDLED = {"libdeflate-sys": ["libdeflate/COPYING"], "libmimalloc-sys": ["c_src/mimalloc/v3/LICENSE"], "zstd-sys": ["zstd/LICENSE"],
           "liblzma-sys": ["xz/COPYING", "xz/COPYING.0BSD"]}
NOTHING_MORE = ["libbz2-rs-sys", "linux-raw-sys", "nvml-wrapper-sys", "renderdoc-sys", "wayland-sys"]


def cargo(*arguments):
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def chosen(expression):
    """The licences of one way to satisfy an expression such as `(MIT OR Apache-2.0) AND Unicode-3.0`."""
    licences = []
    for part in re.split(r" AND (?![^(]*\))", expression):
        offered = [one.split(" WITH ")[0] for one in re.split(r" OR |/", part.strip("() "))]
        alternatives = [one.split(" AND ") for one in offered]
        fitting = [all_of for all_of in alternatives if all(one.strip("() ") in ACCEPTED for one in all_of)]
        if not fitting:
            sys.exit(f"not an accepted licence: {expression}")
        best = min(fitting, key=lambda all_of: max(ACCEPTED.index(one.strip("() ")) for one in all_of))
        licences += [one.strip("() ") for one in best]
    return sorted(set(licences), key=ACCEPTED.index)


def texts(folder, licences):
    """The licence files of a crate, leaving out those of licences that were not chosen."""
    files = sorted(path for path in folder.iterdir() if re.match(r"(?i)(licen[cs]e|copying|notice|unlicense)", path.name))
    files = [path for path in files if path.is_file()]
    marks = {"Apache-2.0": "APACHE", "MIT": "MIT", "Zlib": "ZLIB", "Unlicense": "UNLICENSE", "BSD-3-Clause": "BSD"}
    others = [mark for licence, mark in marks.items() if licence not in licences]
    kept = [path for path in files if not any(mark in path.name.upper() for mark in others)]
    return [path.read_text(errors="replace").strip() for path in kept or files]


def page():
    listed = set(re.findall(r"^(\S+) v(\S+)", cargo("tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"), re.M))
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    by_licence, by_text = {}, {}
    for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
        name = (package["name"], package["version"])
        if name not in listed or package["name"] == "readseeker":
            continue
        licences = chosen(package["license"] or BY_FILE[package["name"]])
        label = f"{name[0]} {name[1]}"
        by_licence.setdefault(" and ".join(licences), []).append(label)
        folder = Path(package["manifest_path"]).parent
        if name[0].endswith("-sys") and name[0] not in [*BUNDLED, *NOTHING_MORE]:
            sys.exit(f"{name[0]}: does it hold a C library with a licence of its own? Add it to BUNDLED or NOTHING_MORE")
        bundled = [(folder / file).read_text().strip() for file in BUNDLED.get(name[0], [])]
        for text in texts(folder, licences) + bundled:
            text = text.split("END OF TERMS AND CONDITIONS")[0]  # what follows says how to apply the licence
            same = re.sub(r"\W+", " ", text.lower().replace("https", "http"))
            by_text.setdefault(same, (text, []))[1].append(label)
    lines = ["# Third-party licences", "",
             "The readseeker program contains these libraries; without GPU support, it contains fewer of them. `packaging/licences.py` makes this page.", ""]
    for licence, labels in sorted(by_licence.items(), key=lambda item: -len(item[1])):
        lines += [f"## {licence}", "", ", ".join(labels) + ".", ""]
    lines += ["## Licence texts", "", "As the libraries ship them. Each text is followed by the libraries that ship it.", ""]
    for text, labels in sorted(by_text.values(), key=lambda item: (-len(item[1]), item[1])):
        lines += ["```text", text.replace("```", "'''"), "```", "", ", ".join(labels) + ".", ""]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def main():
    text = page()
    if "--check" not in sys.argv:
        OUT.write_text(text)
    elif not OUT.exists() or OUT.read_text() != text:
        sys.exit("THIRDPARTY.md is out of date: run packaging/licences.py")


main()
