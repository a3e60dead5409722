import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from landward.atomic import os_error_behind, write_atomic, write_text_atomic
from landward.errors import RunError


def test_replaces_the_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text_atomic(path, "one")
    write_text_atomic(path, "two é")
    assert path.read_text(encoding="utf-8") == "two é"
    assert os.listdir(tmp_path) == ["file"]


def test_is_as_readable_as_the_umask_says(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        write_text_atomic(tmp_path / "file", "")
    finally:
        os.umask(former)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_full_disk_keeps_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_text_atomic(path, "former")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"cannot write .*file: No space left.*untouched.*free some space"):
        write_text_atomic(path, "new")
    assert path.read_text() == "former"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_size_limit_of_the_system_keeps_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("former")
    script = (
        "import sys, signal, pathlib\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from landward.atomic import write_atomic\n"
        "from landward.errors import RunError\n"
        "try: write_atomic(pathlib.Path(sys.argv[1]), lambda stream: stream.write(b'x' * 100000))\n"
        "except RunError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert "File too large" in done.stdout
    assert path.read_text() == "former"
    assert os.listdir(tmp_path) == ["file"]


def test_an_error_of_the_writer_is_passed_on_and_leaves_nothing(tmp_path: Path) -> None:
    def fail(stream: object) -> None:
        raise ValueError("bad state")

    with pytest.raises(ValueError, match="bad state"):
        write_atomic(tmp_path / "file", fail)
    assert os.listdir(tmp_path) == []


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot write .*nowhere/file: No such file.*check the path"):
        write_text_atomic(tmp_path / "nowhere" / "file", "x")


def test_finds_the_os_error_behind_another() -> None:
    cause = OSError(errno.ENOSPC, "full")
    try:
        try:
            raise cause
        except OSError:
            raise RuntimeError("unexpected pos")  # noqa: B904 - as torch.save does
    except RuntimeError as error:
        assert os_error_behind(error) is cause
    assert os_error_behind(RuntimeError()) is None
