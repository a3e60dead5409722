"""What reports share: files in a folder that is made for them, and one HTML page that needs nothing else."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landward.atomic import describe_os_error, write_text_atomic
from landward.errors import RunError, require

STYLE = Path(__file__).with_name("report.css")


def write_file(folder: Path, name: str, text: str) -> Path:
    """Write a text into a folder, which is made where there is none; returns the file.

    Raises:
        RunError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(describe_os_error("make", folder, error)) from error
    write_text_atomic(folder / name, text)
    return folder / name


def render_page(template: Path, plots: Mapping[str, str], extra: str, **values: Any) -> str:
    """A template as one HTML page.

    Args:
        template: Jinja2; what it is given is escaped, but for `plots` and `style`.
        plots: name -> SVG.
        extra: the extra of `landward` that brings what the report is made with.
        **values: what else the template names.

    Raises:
        MissingDependencyError: Jinja2 is not installed.
    """
    jinja2 = require("jinja2", extra, "the report is written with it")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    markup = jinja2.utils.markupsafe.Markup
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        plots={name: markup(svg) for name, svg in plots.items()},
        style=markup(STYLE.read_text(encoding="utf-8")),
        **values,
    )


def film_source(film: Path | None, limit: int) -> str:
    """What a <video> takes; "" for no film.

    Args:
        film: an MP4 file.
        limit: [bytes] a longer film is linked, not embedded.
    """
    if film is None:
        return ""
    content = film.read_bytes()
    if len(content) > limit:
        return film.name
    return "data:video/mp4;base64," + base64.b64encode(content).decode()
