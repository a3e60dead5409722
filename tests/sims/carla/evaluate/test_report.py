import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sims.carla.evaluate.figures import FIGURES, show
from sims.carla.evaluate.report import print_summary, render_html, route_rows, write_report
from sims.carla.evaluate.scores import figures
from tests.sims.carla.evaluate import planted


def test_the_report_is_one_whole_page(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"not really a film")
    page = render_html(planted.evaluation(film))
    parser = HTMLParser()
    parser.feed(page)
    parser.close()
    # Completion 1, 1, 0.4 and factors 1, 0.6 * 0.7, 1: (100 + 42 + 40) / 3; expert (100 + 100 + 80) / 3.
    assert "60.7 [" in page
    assert "0.65 [" in page
    assert page.count("<svg") == 4
    assert "blocked at 40 %" in page
    assert "1 × collision vehicle, 1 × red light" in page
    assert "data:video/mp4;base64," in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_files(tmp_path: Path) -> None:
    page = write_report(planted.evaluation(), tmp_path / "new")
    assert page.name == "drive_report.html"
    data = json.loads((tmp_path / "new" / "drive_evaluation.json").read_text())
    assert not data["passed"]
    assert [policy["label"] for policy in data["policies"]] == ["seed1", "expert", "autopilot"]
    assert data["policies"][0]["figures"]["driving_score"]["value"] == pytest.approx(182 / 3)
    assert data["verdicts"] == [
        {
            "label": "seed1",
            "target": 0.8,
            "ratio": data["verdicts"][0]["ratio"],
            "passed": False,
        }
    ]
    assert data["verdicts"][0]["ratio"]["value"] == pytest.approx(182 / 280)
    assert data["policies"][0]["routes"][1]["infractions"][0]["other"] == "vehicle.audi.tt"


def test_every_figure_has_its_presentation() -> None:
    found = figures([planted.result("Town_Small:3-7")])
    assert list(found) == list(FIGURES)
    assert show("driving_score", found["driving_score"]) == "100.0 [100.0, 100.0]"
    still = figures([planted.result("Town_Small:3-7", completion=0.0, ended="blocked")])
    assert show("per_km.blocked", still["per_km.blocked"]) == "no distance driven"
    assert math.isnan(still["per_km.blocked"].value)


def test_routes_side_by_side() -> None:
    rows = route_rows(planted.evaluation().entries)
    assert [row["name"] for row in rows] == list(planted.LENGTHS)
    assert [cell["what"] for cell in rows[2]["cells"]] == ["blocked at 40 %", "1 × stop sign", "clean"]


def test_the_terminal_says_what_the_page_says() -> None:
    from rich.console import Console

    console = Console(record=True, width=150, file=open("/dev/null", "w"))  # noqa: SIM115
    print_summary(planted.evaluation(), console)
    text = console.export_text()
    assert "seed1: 0.65 [" in text
    assert "at least 0.8 wanted: FAIL" in text
    assert "ran a red light" in text


def test_no_film(tmp_path: Path) -> None:
    assert "<video" not in render_html(planted.evaluation())
    assert "<video" not in render_html(planted.evaluation(tmp_path / "never written.mp4"))
