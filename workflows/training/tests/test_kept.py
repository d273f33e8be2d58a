"""What is kept beside the data is used as long as the data is older."""

import os

from compact import kept


def test_reads_are_drawn_again_from_newer_data(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "Data", lambda path: path.read_text())
    data, drawn = tmp_path / "data.npz", []

    def draw(loaded):
        drawn.append(loaded)
        return loaded.upper()

    data.write_text("old")
    os.utime(data, (1, 1))
    assert [kept.reads(data, "some", draw) for _ in range(2)] == ["OLD", "OLD"]
    assert drawn == ["old"]
    data.write_text("new")
    later = os.stat(tmp_path / "data.some.pkl").st_mtime + 1
    os.utime(data, (later, later))
    assert kept.reads(data, "some", draw) == "NEW"
    assert drawn == ["old", "new"]
