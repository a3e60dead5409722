"""A small closed road for tests of the server, which need some town and no certain one."""

import math
from functools import cache

from sims.carla.maps.town import Town, load_town

RADIUS = 40.0
LENGTH = math.pi * RADIUS
LANES = """
<lanes><laneSection s="0.0">
  <left><lane id="1" type="driving" level="false"><link><predecessor id="1"/><successor id="1"/></link>
    <width sOffset="0.0" a="3.5" b="0.0" c="0.0" d="0.0"/>
    <roadMark sOffset="0.0" type="solid" weight="standard" color="white" width="0.12"/></lane></left>
  <center><lane id="0" type="none" level="false">
    <roadMark sOffset="0.0" type="broken" weight="standard" color="white" width="0.12"/></lane></center>
  <right><lane id="-1" type="driving" level="false"><link><predecessor id="-1"/><successor id="-1"/></link>
    <width sOffset="0.0" a="3.5" b="0.0" c="0.0" d="0.0"/>
    <roadMark sOffset="0.0" type="solid" weight="standard" color="white" width="0.12"/></lane></right>
</laneSection></lanes>"""


def _half(number: int, other: int, x: float, heading: float) -> str:
    return f"""
<road name="half{number}" length="{LENGTH:.12f}" id="{number}" junction="-1">
<link><predecessor elementType="road" elementId="{other}" contactPoint="end"/>
<successor elementType="road" elementId="{other}" contactPoint="start"/></link>
<type s="0.0" type="town"><speed max="30" unit="mph"/></type>
<planView><geometry s="0.0" x="{x:.6f}" y="0.0" hdg="{heading:.12f}" length="{LENGTH:.12f}">
<arc curvature="{1.0 / RADIUS:.12f}"/></geometry></planView>
<elevationProfile><elevation s="0.0" a="0.0" b="0.0" c="0.0" d="0.0"/></elevationProfile>
<lateralProfile/>{LANES}<objects/><signals/></road>"""


RING = f"""<?xml version="1.0" standalone="yes"?>
<OpenDRIVE><header revMajor="1" revMinor="4" name="Ring" version="1" north="50" south="-50">
<geoReference><![CDATA[+proj=tmerc +lat_0=42.0 +lon_0=2.0 +k=1 +datum=WGS84 +units=m]]></geoReference>
</header>{_half(1, 2, RADIUS, math.pi / 2)}{_half(2, 1, -RADIUS, -math.pi / 2)}</OpenDRIVE>"""
"""A ring road of 40 m radius with a lane in each direction."""


@cache
def ring() -> Town:
    """The ring as a town."""
    return load_town(RING, name="Ring")
