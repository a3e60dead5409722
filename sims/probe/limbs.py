"""The limbs of a robot, from its URDF, and the orders in which engines are known to list joints."""

from __future__ import annotations

import itertools
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass

from robots import Robot

MOST_LIMBS = 4
"""Every order of so many limbs is tried (24); of more, only exchanges of two."""


@dataclass(frozen=True)
class Order:
    """An order of a robot's joints that is not the declared one."""

    joints: tuple[int, ...]
    """Entry i of an array in this order belongs to the joint `robot.joint_names[joints[i]]`."""
    phrase: str
    """What to call it, as in "joints FR_* and FL_* are swapped"."""


def limbs(robot: Robot) -> tuple[tuple[int, ...], ...]:
    """Indices of the actuated joints of every limb, from the base outwards, limbs as declared.

    A limb is a chain that leaves the base; joints of a branched chain are in the order of their depth.
    """
    parents = {}
    for joint in ElementTree.parse(robot.urdf_path).getroot().iter("joint"):
        parent, child = joint.find("parent"), joint.find("child")
        if parent is not None and child is not None:
            parents[child.get("link")] = (parent.get("link"), joint.get("name"))
    above = {name: link for link, name in parents.values()}
    chains: dict[str, list[tuple[int, int]]] = {}
    for index, name in enumerate(robot.joint_names):
        path, link = [name], above.get(name)
        while link in parents:
            link, joint_name = parents[link]
            if joint_name in robot.joint_names:
                path.append(joint_name)
        chains.setdefault(path[-1], []).append((len(path), index))
    return tuple(tuple(index for _, index in sorted(chain)) for chain in chains.values())


def limb_name(robot: Robot, limb: tuple[int, ...]) -> str:
    """What the names of a limb's joints have in common, such as FR_*."""
    names = [robot.joint_names[index] for index in limb]
    return f"{os.path.commonprefix(names)}*" if len(names) > 1 else names[0]


def known_orders(robot: Robot) -> list[Order]:
    """Orders to suspect: limbs exchanged, and breadth-first (every limb's first joint, then the second ...).

    Those that list joints as declared are left out; of equal ones the first is kept.
    """
    parts = limbs(robot)
    found: dict[tuple[int, ...], Order] = {tuple(range(len(robot.joint_names))): Order((), "")}
    declared = tuple(index for limb in parts for index in limb)
    for order in _limb_orders(len(parts)):
        if len({len(limb) for limb in parts}) == 1:
            joints = [0] * len(declared)
            for place, source in zip(parts, [parts[i] for i in order], strict=True):
                for here, there in zip(place, source, strict=True):
                    joints[here] = there
            found.setdefault(tuple(joints), Order(tuple(joints), _limb_phrase(robot, parts, order)))
        layers = itertools.zip_longest(*(parts[i] for i in order))
        layered = tuple(index for layer in layers for index in layer if index is not None)
        found.setdefault(layered, Order(layered, _layer_phrase(robot, layered)))
    return list(found.values())[1:]


def _limb_orders(count: int) -> Iterator[tuple[int, ...]]:
    if count <= MOST_LIMBS:
        yield from itertools.permutations(range(count))
        return
    yield tuple(range(count))
    for a, b in itertools.combinations(range(count), 2):
        order = list(range(count))
        order[a], order[b] = b, a
        yield tuple(order)


def _limb_phrase(robot: Robot, parts: tuple[tuple[int, ...], ...], order: tuple[int, ...]) -> str:
    names = [limb_name(robot, limb) for limb in parts]
    moved = [i for i in range(len(order)) if order[i] != i]
    if all(order[order[i]] == i for i in moved):
        pairs = [f"{names[i]} and {names[order[i]]}" for i in moved if i < order[i]]
        return f"joints {', and '.join(pairs)} are swapped"
    return f"legs are in the order {', '.join(names[i] for i in order)} instead of {', '.join(names)}"


def _layer_phrase(robot: Robot, joints: tuple[int, ...]) -> str:
    return (
        f"joint order is breadth-first: {shorten([robot.joint_names[i] for i in joints])} "
        f"instead of {shorten(robot.joint_names)}"
    )


def shorten(names: tuple[str, ...] | list[str], shown: int = 5) -> str:
    """The first names of a list, and dots for the rest."""
    return ", ".join([*names[:shown], *(["..."] if len(names) > shown else [])])
