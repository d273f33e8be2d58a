"""Fetch the training records from NCBI (E-utilities, efetch), in batches, politely and resumably.

    python fetch_genomes.py manifest.tsv.gz OUT [--email you@example.org] [--api-key KEY] [--base-url URL]

Writes one gzipped GenBank file a record, `OUT/GROUP/ACCESSION.gb.gz`; a file that is there is not fetched again, so an
interrupted run goes on where it stopped. Records that NCBI does not hold under an accession (pieces of assemblies,
metagenome bins of other archives) are listed in `OUT/not_fetched.tsv`. Only the standard library is needed.
"""

import argparse
import csv
import gzip
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

BASE_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
BATCH = 20
TRIES = 5
_PAUSE = {False: 0.34, True: 0.11}  # seconds between requests: 3 a second without an API key, 10 with one
_ACCESSION = re.compile(r"(?:[NAXW][CGTWZMRP]_(?:[A-Z]{4})?\d{6,9}|[A-Z]{1,2}\d{5,8}|[A-Z]{4}\d{8,10}|[A-Z]{6}\d{9,11})(?:\.\d+)?")


def accession_of(identifier):
    """The INSDC or RefSeq accession in a manifest's identifier, or None: `gi|1|gb|CP001235.1|` -> `CP001235.1`."""
    for part in identifier.split("|nc")[0].split("|")[::-1]:
        if _ACCESSION.fullmatch(part):
            return part
    return None


def wanted(manifest):
    """(group, accession or None, identifier) of every record."""
    opener = gzip.open if str(manifest).endswith(".gz") else open
    with opener(manifest, "rt", newline="") as text:
        for row in csv.DictReader(text, delimiter="\t"):
            yield row["group"], accession_of(row["accession"]), row["accession"]


def split_records(text):
    """{accession without version: record} of concatenated GenBank records."""
    out = {}
    for record in re.split(r"(?<=\n//\n)", text):
        if found := re.search(r"^ACCESSION\s+(\S+)", record, re.MULTILINE):
            out[found[1]] = record.lstrip("\n")
    return out


class Client:
    """efetch with a pause between requests and patience with failures."""

    def __init__(self, base_url=BASE_URL, email=None, api_key=None, wait=2.0):
        self.base_url, self.email, self.api_key, self.wait = base_url.rstrip("/"), email, api_key, wait
        self.last = 0.0

    def _pause(self):
        rest = self.last + _PAUSE[bool(self.api_key)] - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        self.last = time.monotonic()

    def _request(self, accessions):
        fields = {"db": "nuccore", "rettype": "gbwithparts", "retmode": "text", "tool": "readseeker-training"}
        fields |= {"id": ",".join(accessions)}
        fields |= {k: v for k, v in (("email", self.email), ("api_key", self.api_key)) if v}
        body = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(f"{self.base_url}/efetch.fcgi", data=body, timeout=120) as answer:
            return answer.read().decode()

    def fetch(self, accessions):
        """The records of these accessions, by accession without version."""
        for attempt in range(TRIES):
            self._pause()
            try:
                return split_records(self._request(accessions))
            except (urllib.error.URLError, TimeoutError, ConnectionError) as failure:
                code = getattr(failure, "code", 500)
                if code in (400, 404):  # an accession NCBI does not know spoils its whole batch
                    return {}
                if attempt == TRIES - 1:
                    raise
                time.sleep(self.wait * 2**attempt)


def _save(path, record):
    """Whole or not at all: an interrupted run must not leave half a record that looks fetched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with gzip.open(temporary, "wt") as out:
        out.write(record)
    temporary.replace(path)


def _fetch_batch(client, batch):
    """(accession, record or None); what a batch did not bring is asked for alone."""
    found = client.fetch(batch)
    for accession in batch:
        bare = accession.split(".")[0]
        record = found.get(bare) or (client.fetch([accession]).get(bare) if len(batch) > 1 else None)
        yield accession, record


def run(manifest, out, client, batch_size=BATCH, log=sys.stderr):
    """Fetch everything that is missing; returns (fetched, present before, not to be had)."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    missing, present, absent = {}, 0, []
    for group, accession, identifier in wanted(manifest):
        if accession is None:
            absent.append((group, identifier, "no INSDC or RefSeq accession"))
        elif (path := out / group / f"{accession}.gb.gz").exists():
            present += 1
        else:
            missing[accession] = path
    todo, fetched = sorted(missing), 0
    for at in range(0, len(todo), batch_size):
        for accession, record in _fetch_batch(client, todo[at : at + batch_size]):
            if record:
                _save(missing[accession], record)
                fetched += 1
            else:
                absent.append((missing[accession].parent.name, accession, "not found"))
        print(f"{min(at + batch_size, len(todo))} of {len(todo)}", file=log)
    (out / "not_fetched.tsv").write_text("".join("\t".join(row) + "\n" for row in absent))
    return fetched, present, len(absent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest")
    parser.add_argument("out")
    parser.add_argument("--email", help="NCBI asks for one")
    parser.add_argument("--api-key", help="allows ten requests a second instead of three")
    parser.add_argument("--base-url", default=BASE_URL)
    parser.add_argument("--batch", type=int, default=BATCH)
    arguments = parser.parse_args()
    client = Client(arguments.base_url, arguments.email, arguments.api_key)
    fetched, present, absent = run(arguments.manifest, arguments.out, client, arguments.batch)
    print(f"fetched {fetched}, had {present}, not to be had {absent} (see not_fetched.tsv)", file=sys.stderr)


if __name__ == "__main__":
    main()
