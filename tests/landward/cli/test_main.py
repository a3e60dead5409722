import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landward.cli import main as cli
from landward.cli.verbs import Verb
from landward.errors import RunError

FAKE_VERBS = """
import dataclasses, pathlib, time
from landward.errors import RunError, require

@dataclasses.dataclass
class Do:
    '''Do something.'''

    what: str = "work"
    '''What to do.'''

    def run(self) -> int:
        if self.what == "fail":
            raise RunError("cannot do it; do something else")
        if self.what == "sleep":
            print("sleeping", flush=True)
            time.sleep(30)
        if self.what == "missing":
            import envpool_is_missing
        return 0
"""


@pytest.fixture
def fake_verbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed plugin whose verb "do" works, fails or sleeps."""
    (tmp_path / "lw_do.py").write_text(FAKE_VERBS)
    info = tmp_path / "lw_do-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lw-do\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[landward.commands]\ndo = lw_do:Do\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("lw_do", None)


def landward(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "landward.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=path, timeout=60, check=False)


def test_help_shows_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "Show a policy's spec" in text
    assert "$ landward inspect policy.onnx" in text


def test_no_words_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "usage: landward VERB" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("landward 0.")


def test_help_imports_no_verb_and_is_quick(tmp_path: Path) -> None:
    script = (
        "import sys; from landward.cli.main import main; main(['--help'])\n"
        "heavy = {'tyro', 'rich', 'torch', 'mujoco', 'landward.cli.inspect'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Takes 0.1 s on an idle machine.
    assert time.monotonic() - start < 2.0


def test_help_of_a_verb(fake_verbs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["do", "--help"]) == 0
    text = capsys.readouterr().out
    assert "Do something." in text
    assert "What to do." in text


def test_a_plugins_verb_runs(fake_verbs: Path) -> None:
    assert cli.main(["do"]) == 0


def test_an_error_is_one_line_and_status_one(fake_verbs: Path) -> None:
    done = landward(fake_verbs, "do", "--what", "fail")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: cannot do it; do something else\n")


def test_debug_shows_the_traceback(fake_verbs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDWARD_DEBUG", "1")
    with pytest.raises(RunError):
        cli.main(["do", "--what", "fail"])


def test_wrong_options_and_unknown_verbs_are_status_two(
    fake_verbs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["do", "--nothing"]) == 2
    assert cli.main(["don"]) == 2
    assert "error: unknown verb 'don': did you mean do" in capsys.readouterr().err


def test_a_missing_package_says_how_to_get_it(
    fake_verbs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.explain_missing.__globals__["EXTRA_OF"], "envpool_is_missing", "bench")
    assert cli.main(["do", "--what", "missing"]) == 1
    assert "pip install 'landward[bench]'" in capsys.readouterr().err


def test_without_tyro(
    fake_verbs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tyro", None)
    assert cli.main(["--help"]) == 0
    assert cli.main(["do"]) == 1
    assert "pip install 'landward[cli]'" in capsys.readouterr().err


def test_control_c_is_status_130(fake_verbs: Path) -> None:
    command = [sys.executable, "-m", "landward.cli.main", "do", "--what", "sleep"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        stdout=pipe,
        stderr=pipe,
        text=True,
        cwd=fake_verbs,
        # A job in the background of a script ignores Ctrl-C, and its children with it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sleeping\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.strip() == "interrupted"


def test_a_shadowed_package_stops_every_verb(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__init__.py").write_text("")
    done = landward(tmp_path, "list")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'agents'} hides Landward's package 'agents'")


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m landward.cli.main list verbs --json | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_an_entry_point_is_what_the_user_types() -> None:
    assert Verb("list", "landward.cli.list:List").load().__name__ == "List"
