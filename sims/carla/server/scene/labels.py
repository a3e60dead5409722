"""CityObjectLabel, and the colours that things are drawn in."""

from __future__ import annotations

from typing import Final

NONE: Final = 0
ROADS: Final = 1
SIDEWALKS: Final = 2
BUILDINGS: Final = 3
WALLS: Final = 4
FENCES: Final = 5
POLES: Final = 6
TRAFFIC_LIGHT: Final = 7
TRAFFIC_SIGNS: Final = 8
VEGETATION: Final = 9
TERRAIN: Final = 10
SKY: Final = 11
PEDESTRIANS: Final = 12
RIDER: Final = 13
CAR: Final = 14
TRUCK: Final = 15
BUS: Final = 16
MOTORCYCLE: Final = 18
BICYCLE: Final = 19
STATIC: Final = 20
DYNAMIC: Final = 21
ROAD_LINES: Final = 24
GROUND: Final = 25

_WORDS = """
none roads sidewalks buildings walls fences poles trafficlight trafficsigns vegetation terrain sky pedestrians
rider car truck bus train motorcycle bicycle static dynamic other water roadlines ground bridge railtrack
guardrail
"""
NAMES = tuple(_WORDS.split())
"""Label -> the word in the type id `static.WORD` of what is no actor."""
LAYERS = {ROADS: 1, SIDEWALKS: 1, ROAD_LINES: 2}
"""Label of flat things that lie on others -> how many lie below; keeps marks from flickering in the road."""
