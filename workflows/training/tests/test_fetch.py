"""The fetcher against a local server that fails, refuses and forgets, as the real one does."""

import gzip
import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

import fetch_genomes as fetch

KNOWN = ["NC_000001.1", "AB000002.1", "CP000003.2", "X00004.1", "NZ_ABCD01000005.1"]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        ids = fields["id"][0].split(",")
        self.server.asked.append(ids)
        if self.server.failures:
            self.server.failures -= 1
            return self.send_error(503)
        if any(one not in KNOWN for one in ids):
            return self.send_error(400)
        body = "".join(f"LOCUS       x\nACCESSION   {one.split('.')[0]}\nORIGIN\n//\n\n" for one in ids)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    server.asked, server.failures = [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def _run(server, tmp_path, rows, batch=2):
    manifest = tmp_path / "manifest.tsv.gz"
    with gzip.open(manifest, "wt") as out:
        out.write("group\taccession\n" + "".join(f"bacteria\t{row}\n" for row in rows))
    client = fetch.Client(f"http://127.0.0.1:{server.server_port}", wait=0.01)
    return fetch.run(manifest, tmp_path / "out", client, batch, log=io.StringIO())


def test_all_records_arrive_in_batches(server, tmp_path):
    assert _run(server, tmp_path, KNOWN) == (5, 0, 0)
    assert [len(ids) for ids in server.asked] == [2, 2, 1]
    with gzip.open(tmp_path / "out/bacteria/AB000002.1.gb.gz", "rt") as record:
        assert "ACCESSION   AB000002" in record.read()


def test_a_second_run_fetches_only_what_is_missing(server, tmp_path):
    _run(server, tmp_path, KNOWN[:3])
    server.asked.clear()
    assert _run(server, tmp_path, KNOWN) == (2, 3, 0)
    assert sorted(sum(server.asked, [])) == sorted(KNOWN[3:])


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.failures = 3
    assert _run(server, tmp_path, KNOWN[:2]) == (2, 0, 0)
    assert len(server.asked) == 4


def test_an_unknown_accession_does_not_spoil_its_batch(server, tmp_path):
    assert _run(server, tmp_path, ["AB000002.1", "ZZ999999.1"]) == (1, 0, 1)
    assert "ZZ999999.1" in (tmp_path / "out/not_fetched.tsv").read_text()


@pytest.mark.parametrize(
    "identifier, accession",
    [
        ("gi|227011820|gb|CP001235.1|", "CP001235.1"),
        ("ENA|CAJKGB010000010|CAJKGB010000010.1", "CAJKGB010000010.1"),
        ("NZ_MVBB01000179.1", "NZ_MVBB01000179.1"),
        ("NM_001004", "NM_001004"),
        ("hg38.chr7.98281410", None),
        ("KL240", None),
        ("MGYG000000001_28", None),
    ],
)
def test_accessions_are_found_in_identifiers(identifier, accession):
    assert fetch.accession_of(identifier) == accession
