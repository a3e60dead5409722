import base64
from pathlib import Path

import pytest

from landward.errors import RunError
from sims.evaluate.page import STYLE, film_source, render_page, write_file


def test_the_folder_is_made_and_the_file_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deep"
    assert write_file(folder, "page.html", "first") == folder / "page.html"
    write_file(folder, "page.html", "1.1 ×")
    assert (folder / "page.html").read_bytes() == "1.1 ×".encode()
    assert [path.name for path in folder.iterdir()] == ["page.html"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"cannot make .*file/deep: Not a directory"):
        write_file(tmp_path / "file" / "deep", "page.html", "")


def test_values_are_escaped_and_plots_and_style_are_not(tmp_path: Path) -> None:
    template = tmp_path / "page.html"
    template.write_text(
        "<style>{{ style }}</style>\n  {% if name %}\n{{ name }} {{ plots.one }}\n  {% endif %}\n"
    )
    page = render_page(template, {"one": "<svg/>"}, "sim", name="a < b")
    assert page == f"<style>{STYLE.read_text(encoding='utf-8')}</style>\na &lt; b <svg/>\n"


def test_a_film_is_embedded_up_to_the_limit_and_linked_beyond(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"four")
    assert film_source(film, 4) == "data:video/mp4;base64," + base64.b64encode(b"four").decode()
    assert film_source(film, 3) == "film.mp4"
    assert film_source(None, 4) == ""


def test_a_film_that_is_not_there_is_no_page_without_a_film(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        film_source(tmp_path / "never written.mp4", 4)
