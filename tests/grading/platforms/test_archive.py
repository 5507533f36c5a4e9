"""What a zip may hold: all that is no hand-in, and what a zip is made of to do harm. Nothing of it is unpacked."""

import io
import os
import stat
import struct
import zipfile
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from support.platform_exports import CLASS, HOUR, JUNK, gradescope_metadata, make_zip, moodle

from gradstop.course import CourseError
from gradstop.grading.collecting import archive as module
from gradstop.grading.collecting.archive import open_archive
from gradstop.grading.collecting.gradescope import read_metadata
from gradstop.grading.intake.plain_files import UnreadableError

BERLIN = ZoneInfo("Europe/Berlin")


def zipped(files) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as one:
        for name, content in files.items():
            one.writestr(zipfile.ZipInfo(name, HOUR), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def contents(path, zone=None):
    with open_archive(path, zone) as found:
        return {entry.path: entry.read() for entry in found.entries}, found.left_out


def test_what_systems_put_there_is_no_file(tmp_path):
    path = make_zip(
        tmp_path / "m.zip", [*JUNK.items(), ("a/Thumbs.db", b""), ("a/.ipynb_checkpoints/x", b""), ("a/b", b"1")]
    )
    assert contents(path) == ({"a/b": b"1"}, {})


def test_a_zip_with_nothing_in_it_and_a_file_without_a_name_are_named(tmp_path):
    nameless = zipped({"?": b"1"}).replace(b"?", b"\0")
    files = {"a.zip": zipped({}), "b.zip": zipped(JUNK), "c.zip": nameless, "d.zip": zipped({"x": b"1"})}
    found, left_out = contents(make_zip(tmp_path / "m.zip", files.items()))
    assert found == {"d.zip/x": b"1"}
    empty = "it is an empty zip: ask for it again"
    assert left_out == {"a.zip": empty, "b.zip": empty, "c.zip/(no name)": "it has no name: ask for it again"}


def test_a_zip_in_a_zip_and_in_a_folder_is_looked_into(tmp_path):
    inner = zipped({"work/detach.ipynb": b"{}", "__MACOSX/._x": b""})
    files = {"Ann/work.zip": zipped({"deep.zip": inner}), "Ann/bad.zip": b"PK no zip"}
    expected = {"Ann/work.zip/deep.zip/work/detach.ipynb": b"{}"}
    (tmp_path / "folder" / "Ann").mkdir(parents=True)
    for name, data in files.items():
        (tmp_path / "folder" / name).write_bytes(data)
    for path in (make_zip(tmp_path / "m.zip", files.items()), tmp_path / "folder"):
        found, left_out = contents(path)
        assert found == expected
        assert "damaged zip" in left_out["Ann/bad.zip"]


def test_zips_in_each_other_end(tmp_path):
    data = zipped({"x": b"1"})
    for _ in range(6):
        data = zipped({"a.zip": data})
    (tmp_path / "m.zip").write_bytes(data)
    found, left_out = contents(tmp_path / "m.zip")
    assert not found
    assert list(left_out.values()) == ["it is a zip in 3 others: unpack it, and collect the folder"]


OUTSIDE = ["../up.ipynb", "a/../../up.ipynb", "/etc/passwd", "C:/x.ipynb", "..\\up.ipynb", "\\\\host\\x"]


def test_a_path_that_leads_out_is_left_out_and_named(tmp_path):
    found, left_out = contents(make_zip(tmp_path / "m.zip", [(name, b"1") for name in OUTSIDE]))
    assert not found
    assert set(left_out.values()) == {"its path leads out of the archive"}
    assert len(left_out) == len(OUTSIDE)


def test_links_are_left_out(tmp_path):
    info = zipfile.ZipInfo("a/link.ipynb", HOUR)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as one:
        one.writestr(info, "/etc/passwd")
    assert contents(tmp_path / "m.zip") == ({}, {"a/link.ipynb": "it is a link"})
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "folder" / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "folder" / "pipe.ipynb")
    found, left_out = contents(tmp_path / "folder")
    assert not found
    assert left_out.keys() == {"link.ipynb", "pipe.ipynb"}


def test_what_is_large_is_not_read_whatever_the_zip_says(tmp_path):
    data = zipped({"a/bomb.ipynb": b"\0" * 30_000_000})
    (tmp_path / "m.zip").write_bytes(data)
    lies = data.replace(struct.pack("<I", 30_000_000), struct.pack("<I", 100))
    (tmp_path / "lies.zip").write_bytes(lies)
    for name in ("m.zip", "lies.zip"):
        with (
            open_archive(tmp_path / name) as found,
            pytest.raises(UnreadableError, match=r"more than 20 MB|is damaged"),
        ):
            found.entries[0].read()
    nested = make_zip(tmp_path / "nested.zip", [("a/b.zip", zipped({"x": b"\0" * 60_000_000}) + b"\0" * 60_000_000)])
    assert contents(nested)[1] == {"a/b.zip": "it has more than 50 MB: ask for a smaller one"}


def test_very_many_entries_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_ENTRIES_OF_ALL", 10)
    path = make_zip(tmp_path / "m.zip", [(f"a/{number}", b"") for number in range(20)])
    with pytest.raises(CourseError, match="more than 10 files"), open_archive(path):
        pass
    monkeypatch.setattr(module, "MAX_DIRECTORY", 100)
    with pytest.raises(CourseError, match="list of entries is too long"), open_archive(path):
        pass


def test_a_locked_and_a_damaged_entry_are_named(tmp_path):
    data = bytearray(zipped({"a.ipynb": b"x" * 1000}))
    place = data.rfind(b"PK\x01\x02")
    data[place + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    assert contents(tmp_path / "locked.zip")[1] == {"a.ipynb": "it is locked by a password: ask for it without one"}
    data = bytearray(zipped({"a.ipynb": os.urandom(1000)}))
    data[100] ^= 255
    (tmp_path / "bad.zip").write_bytes(data)
    with open_archive(tmp_path / "bad.zip") as found, pytest.raises(UnreadableError, match="it is damaged"):
        found.entries[0].read()


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04"])
def test_what_is_no_zip_is_said(tmp_path, data):
    (tmp_path / "m.zip").write_bytes(data)
    with pytest.raises(CourseError, match=r"m\.zip is no zip that can be read"), open_archive(tmp_path / "m.zip"):
        pass
    with pytest.raises(CourseError, match="is no zip and no folder"), open_archive(tmp_path / "none.zip"):
        pass


def test_a_zip_s_time_is_of_the_zone_that_is_said(tmp_path):
    path = make_zip(tmp_path / "m.zip", [(moodle(CLASS[0]), b"1"), ("summer", b"")])
    with open_archive(path, BERLIN) as found:
        assert (found.entries[0].moment, found.entries[0].zoned) == (datetime(2027, 3, 1, 21, 59, tzinfo=UTC), False)
    none = make_zip(tmp_path / "n.zip", [("a", b"")], (1980, 1, 1, 0, 0, 0))
    with open_archive(none) as found:
        assert found.entries[0].moment is None


def test_a_zip_that_says_its_time_in_utc_is_believed(tmp_path):
    moment = datetime(2027, 3, 1, 21, 59, 31, tzinfo=UTC)
    info = zipfile.ZipInfo("a", HOUR)
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(moment.timestamp()))
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as one:
        one.writestr(info, b"")
    with open_archive(tmp_path / "m.zip", BERLIN) as found:
        assert (found.entries[0].moment, found.entries[0].zoned) == (moment, True)


@pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
def test_a_name_is_read_also_where_the_zip_does_not_say_its_encoding(tmp_path, encoding):
    name = "Zoë Lee"
    data = zipped({name.encode(encoding).decode("cp437"): b"1"}) if encoding == "cp437" else None
    if data is None:
        raw = zipped({"Zo## Lee": b"1"})
        data = raw.replace(b"Zo## Lee", name.encode())
    (tmp_path / "m.zip").write_bytes(data)
    assert contents(tmp_path / "m.zip")[0] == {name: b"1"}


def test_gradescope_s_list_is_read_and_a_damaged_one_refused(tmp_path):
    data = gradescope_metadata({"submission_1": CLASS[:2], "submission_2": CLASS[2:3]})
    with open_archive(make_zip(tmp_path / "m.zip", [("x/submission_metadata.yml", data)])) as found:
        told = read_metadata(found.entries[0])
    assert [one.email for one in told["submission_1"].submitters] == ["ann@example.org", "zoe@example.org"]
    assert told["submission_2"].moment == datetime(2027, 3, 1, 21, 59, 30, 123456, tzinfo=UTC)
    for data in (b"[1, 2]", b"{", b"a: &a [*a]\n" + b"[" * 5000, b"!!python/object/apply:os.system ['true']"):
        path = make_zip(tmp_path / "bad.zip", [("submission_metadata.yml", data)])
        with open_archive(path) as found, pytest.raises(CourseError, match=r"[Dd]ownload"):
            read_metadata(found.entries[0])


def directory(entries: int, extra: bytes = b"") -> bytes:
    """Return a zip whose list has very many entries, all of them the same; nothing lies in it."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", *(20, 20, 0, 0, 0, 0), *(0, 0, 0), *(1, len(extra), 0, 0, 0), 0, 0)
    listed = (entry + b"a" + extra) * entries
    return listed + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, entries % 65536, entries % 65536, len(listed), 0, 0)


def in_zip64(data: bytes, place: int = 0) -> bytes:
    """Return a zip whose end says nothing of its size: a record before it does, there or at another place."""
    listed, end = data[:-22], data[-22:]
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, *(1, 1, len(listed), 0))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(listed), 1)
    return listed + record + b"x" * place + locator + end[:12] + struct.pack("<2IH", 0xFFFFFFFF, 0xFFFFFFFF, 0)


LONG = directory(45_000)
LISTS = {
    "very many": LONG,
    "a comment": LONG[:-2] + struct.pack("<H", 60_000) + b"x" * 60_000,
    "a second end in the comment": LONG[:-2] + struct.pack("<H", 12) + b"PK\5\6" + b"\0" * 8,
    "ends in an end": LONG[:-2] + struct.pack("<H", 5) + b"xPK\5\6",
    "zip64": in_zip64(LONG),
    "zip64 elsewhere": in_zip64(LONG, 12),
    "long extra fields": directory(40, b"\0\0\0\0" * 16_000),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_zip_in_an_archive_whose_list_is_long_is_left_out_and_not_read(tmp_path, name, monkeypatch):
    path = make_zip(tmp_path / "m.zip", [("ann/x.zip", LISTS[name]), ("ben/a", b"1")])
    seen = []
    monkeypatch.setattr(zipfile.ZipInfo, "_decodeExtra", lambda info, *_: seen.append(info), raising=True)
    found, left_out = contents(path)
    assert found == {"ben/a": b"1"}
    assert "ann/x.zip" in left_out
    assert len(seen) <= 2  # the archive's own


def test_what_one_zip_in_an_archive_holds_too_much_of_costs_that_one(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_ZIP_ENTRIES", 10)
    monkeypatch.setattr(module, "MAX_ZIPS", 100_000)
    many = zipped({f"{number}": b"" for number in range(11)})
    inside = zipped({f"{number}.zip": zipped({f"{n}": b"" for n in range(4)}) for number in range(3)})
    large = zipped({f"{number}.zip": zipped({"x": b"\0"}) + b"\0" * 40_000 for number in range(3)})
    files = {"ann/a.zip": many, "ben/b.zip": inside, "cy/c.zip": large, "dot/d.zip": zipped({"x": b"1"})}
    found, left_out = contents(make_zip(tmp_path / "m.zip", files.items()))
    assert found == {"dot/d.zip/x": b"1"}
    assert left_out == {
        name: f"{what}: unpack it, and collect what is wanted of it"
        for name, what in {
            "ann/a.zip": "it holds more than 10 files",
            "ben/b.zip": "it holds more than 10 files",
            "cy/c.zip": "the zips in it have more than 0 MB",
        }.items()
    }


def test_a_zip_in_an_archive_is_unpacked_once_for_all_that_lies_in_it(tmp_path, monkeypatch):
    inner = zipped({"deep.zip": zipped({f"{number}": b"1" for number in range(50)}), "beside": b"2"})
    path = make_zip(tmp_path / "m.zip", [("ann/a.zip", inner), ("ben/a.zip", inner)])
    opened = []
    real = module.open_zip
    monkeypatch.setattr(module, "open_zip", lambda *given: opened.append(1) or real(*given))
    found, _ = contents(path)
    assert len(found) == 102
    assert set(found.values()) == {b"1", b"2"}
    assert len(opened) <= 1 + 4 + 4  # when listed, and when read


def test_a_long_path_is_left_out(tmp_path):
    found, left_out = contents(make_zip(tmp_path / "m.zip", [("a/" + "b" * 1000, b""), ("a/b", b"1")]))
    assert found == {"a/b": b"1"}
    assert list(left_out.values()) == ["its path has more than 1000 characters"]
