"""A MuJoCo model's visible geometry as triangle meshes, for viewers that are not MuJoCo's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from landward.errors import require

VISIBLE_GROUPS = (0, 1, 2)
"""Geom groups that MuJoCo's own viewer draws by default."""
PLANE_HALF = 50.0
"""[m] Half the side of a plane without a size."""


@dataclass(frozen=True)
class Shape:
    """One geom."""

    name: str
    body: int
    """Body id; 0 is the world."""
    vertices: np.ndarray
    """(V, 3) float32 in the geom's frame [m]."""
    faces: np.ndarray
    """(F, 3) int."""
    position: np.ndarray
    """(3,) in the body's frame [m]."""
    orientation: np.ndarray
    """(4,) w, x, y, z, geom to body."""
    colour: tuple[int, int, int]
    """0..255."""
    opacity: float


def shapes(model: Any) -> list[Shape]:
    """The visible geoms of a model, planes left out (see `ground_height`)."""
    mj = require("mujoco", "sim", "the robot's geometry is read with it")
    found = []
    for geom in range(model.ngeom):
        kind = mj.mjtGeom(model.geom_type[geom])
        if model.geom_group[geom] not in VISIBLE_GROUPS or kind == mj.mjtGeom.mjGEOM_PLANE:
            continue
        colour = _colour(model, geom)
        if colour[3] == 0.0:
            continue
        vertices, faces = _triangles(mj, model, geom, kind)
        red, green, blue = (round(255 * float(c)) for c in np.clip(colour[:3], 0, 1))
        name = mj.mj_id2name(model, mj.mjtObj.mjOBJ_GEOM, geom) or f"geom{geom}"
        found.append(
            Shape(
                name=f"{geom}_{name}".replace("/", "_"),
                body=int(model.geom_bodyid[geom]),
                vertices=np.asarray(vertices, np.float32),
                faces=np.asarray(faces, np.int32),
                position=np.array(model.geom_pos[geom]),
                orientation=np.array(model.geom_quat[geom]),
                colour=(red, green, blue),
                opacity=float(colour[3]),
            )
        )
    return found


def ground_height(model: Any) -> float | None:
    """Height of the model's horizontal plane [m], where it has one in the world body."""
    mj = require("mujoco", "sim", "the robot's geometry is read with it")
    for geom in range(model.ngeom):
        if model.geom_type[geom] == mj.mjtGeom.mjGEOM_PLANE and model.geom_bodyid[geom] == 0:
            return float(model.geom_pos[geom][2])
    return None


def _colour(model: Any, geom: int) -> np.ndarray:
    """(4,) RGBA 0..1: the material's where there is one."""
    material = int(model.geom_matid[geom])
    return np.array(model.mat_rgba[material] if material >= 0 else model.geom_rgba[geom], np.float64)


def _triangles(mj: Any, model: Any, geom: int, kind: Any) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces of one geom in its own frame."""
    creation = require("trimesh.creation", "sim", "the browser page draws triangles")
    size, kinds = model.geom_size[geom], mj.mjtGeom
    if kind == kinds.mjGEOM_MESH:
        return _mesh(model, int(model.geom_dataid[geom]))
    if kind == kinds.mjGEOM_HFIELD:
        return _height_field(model, int(model.geom_dataid[geom]))
    if kind == kinds.mjGEOM_BOX:
        mesh = creation.box(extents=2 * size)
    elif kind == kinds.mjGEOM_SPHERE:
        mesh = creation.icosphere(subdivisions=2, radius=size[0])
    elif kind == kinds.mjGEOM_ELLIPSOID:
        mesh = creation.icosphere(subdivisions=2)
        mesh.apply_scale(size)
    elif kind == kinds.mjGEOM_CYLINDER:
        mesh = creation.cylinder(radius=size[0], height=2 * size[1], sections=24)
    elif kind == kinds.mjGEOM_CAPSULE:
        mesh = creation.capsule(radius=size[0], height=2 * size[1], count=(16, 16))
        # MuJoCo centres a capsule on its middle; older trimesh begins it at one end.
        mesh.apply_translation(-mesh.bounds.mean(0))
    else:
        mesh = creation.box(extents=2 * np.maximum(size, 0.01))
    return mesh.vertices, mesh.faces


def _mesh(model: Any, mesh: int) -> tuple[np.ndarray, np.ndarray]:
    vertex, face = int(model.mesh_vertadr[mesh]), int(model.mesh_faceadr[mesh])
    vertices = model.mesh_vert[vertex : vertex + int(model.mesh_vertnum[mesh])]
    return np.array(vertices), np.array(model.mesh_face[face : face + int(model.mesh_facenum[mesh])])


def _height_field(model: Any, field: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = int(model.hfield_nrow[field]), int(model.hfield_ncol[field])
    half_x, half_y, top, _ = model.hfield_size[field]
    start = int(model.hfield_adr[field])
    heights = np.array(model.hfield_data[start : start + rows * columns]) * top
    y, x = np.meshgrid(
        np.linspace(-half_y, half_y, rows), np.linspace(-half_x, half_x, columns), indexing="ij"
    )
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + columns], 1)
    upper = np.stack([corner + 1, corner + columns + 1, corner + columns], 1)
    return np.stack([x.ravel(), y.ravel(), heights], 1), np.concatenate([lower, upper])
