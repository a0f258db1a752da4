"""Files, folders and patterns as feeds: order, what is passed over, and files that somebody still writes."""

import os
import time
from pathlib import Path

import pytest

from commerce.errors import Permanent, Transient
from connectors.sources.file import FileOptions, FileSource
from connectors.sources.protocol import Validators


def fetch(*paths: object, sleep=time.sleep, progress=lambda *_: None, **options):
    source = FileSource(FileOptions(paths=tuple(map(str, paths)), **options), sleep=sleep, progress=progress)
    return source.fetch(Path("/nowhere"), validators=Validators())


def names(fetched) -> list[str]:
    return [one.name for one in fetched.files]


@pytest.fixture
def folder(tmp_path):
    """A drop folder as they are: feeds among other things, all at rest."""
    here = tmp_path / "drop"
    (here / "sub").mkdir(parents=True)
    (here / ".hidden").mkdir()
    for name in ("b.csv", "a.csv", "c.xml.gz", ".secret.csv", "d.csv.tmp", "e.csv.PART", "f.csv~", "g.filepart"):
        write(here / name, name)
    write(here / "sub" / "z.csv", "deep")
    write(here / ".hidden" / "y.csv", "hidden")
    return here


def write(path: Path, text: str, age: float = 60) -> Path:
    path.write_text(text)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_folder_is_one_feed_sorted_without_what_is_hidden_or_partial(folder):
    fetched = fetch(folder)
    assert names(fetched) == ["a.csv", "b.csv", "c.xml.gz"]
    assert [one.path for one in fetched.files] == [folder / name for name in names(fetched)], "nothing is copied"
    assert [one.bytes for one in fetched.files] == [5, 5, 8]
    assert not fetched.not_modified


def test_patterns_files_and_order(folder):
    assert names(fetch(folder / "*.csv")) == ["a.csv", "b.csv"]
    assert names(fetch(folder / "**" / "*.csv")) == ["a.csv", "b.csv", "z.csv"]
    assert names(fetch(folder / "b.csv", folder / "*.csv", folder / "b.csv")) == ["b.csv", "a.csv"]
    assert names(fetch(folder / "f.csv~")) == ["f.csv~"], "named outright"


def test_a_name_with_pattern_letters_is_a_name_if_it_is_there(tmp_path):
    assert names(fetch(write(tmp_path / "list[1].csv", "x"))) == ["list[1].csv"]


def test_progress_says_all_at_once(folder):
    seen = []
    fetch(folder, progress=lambda *given: seen.append(given))
    assert seen == [(18, 18)]


@pytest.mark.parametrize("missing", ["gone.csv", "*.json", "empty", "drop/.hidden/*.json"])
def test_nothing_there_says_what_to_do(tmp_path, folder, missing):
    (tmp_path / "empty").mkdir()
    with pytest.raises(Permanent, match=r"put the feed there or correct the path"):
        fetch(tmp_path / missing)


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(Permanent, match="no file; name a file"):
        fetch(tmp_path / "pipe.csv")
    with pytest.raises(Permanent, match="no feed file there"):
        fetch(tmp_path)


def test_a_file_at_rest_is_not_waited_for(folder):
    fetch(folder, sleep=lambda seconds: pytest.fail(f"waited {seconds}"))


@pytest.mark.parametrize("age", [0, -3600], ids=["just now", "clock ahead"])
def test_a_fresh_file_is_looked_at_twice(tmp_path, age):
    waits = []
    path = write(tmp_path / "a.csv", "x", age=age)
    assert names(fetch(path, sleep=waits.append, settle_seconds=7)) == ["a.csv"]
    assert waits == [7]


@pytest.mark.parametrize("what", ["grows", "is rewritten"])
def test_a_file_still_being_written_is_transient(tmp_path, what):
    path = write(tmp_path / "a.csv", "x", age=0)

    def meanwhile(_seconds):
        if what == "grows":
            with path.open("a") as file:
                file.write("more")
        else:
            os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))

    with pytest.raises(Transient, match=r"a\.csv: the file is still being written"):
        fetch(path, sleep=meanwhile, settle_seconds=60)


def test_a_file_that_vanishes_meanwhile_is_named(tmp_path):
    path = write(tmp_path / "a.csv", "x", age=0)
    with pytest.raises(Permanent, match="no such file"):
        fetch(path, sleep=lambda _seconds: path.unlink())


@pytest.mark.parametrize("marker", ["a.csv.done", "a.done"])
def test_a_marker_that_is_asked_for_must_be_there(tmp_path, marker):
    write(tmp_path / "a.csv", "x")
    with pytest.raises(Transient, match=r"a\.csv\.done is missing"):
        fetch(tmp_path, done_marker=".done")
    write(tmp_path / marker, "")
    assert names(fetch(tmp_path, done_marker=".done")) == ["a.csv"]


def test_options_that_cannot_work():
    for wrong in ({"paths": ()}, {"paths": ("a",), "done_marker": "/etc"}, {"paths": ("a",), "settle_seconds": -1}):
        with pytest.raises(ValueError, match="FileOptions"):
            FileOptions(**wrong)
