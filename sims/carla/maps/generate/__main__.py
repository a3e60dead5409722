"""`python -m sims.carla.maps.generate` writes the files beside this package."""

from __future__ import annotations

from sims.carla.maps.generate.highway import highway
from sims.carla.maps.generate.roundabout import roundabout
from sims.carla.maps.generate.town_small import town_small
from sims.carla.maps.generate.xodr import to_text
from sims.carla.maps.town import FOLDER


def main() -> None:
    """Write every town."""
    for network in (town_small(), roundabout(), highway()):
        (FOLDER / f"{network.name}.xodr").write_text(to_text(network), encoding="utf-8")


if __name__ == "__main__":
    main()
