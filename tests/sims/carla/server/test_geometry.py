import numpy as np
import pytest

from sims.carla.server import geometry

carla = pytest.importorskip("carla")
POSES = np.random.default_rng(0).uniform(-80.0, 80.0, (20, 6))


def client_matrix(pose: geometry.Pose) -> np.ndarray:
    """(4, 4) as the client has it."""
    x, y, z, pitch, yaw, roll = pose
    where = carla.Location(x=x, y=y, z=z)
    return np.array(carla.Transform(where, carla.Rotation(pitch=pitch, yaw=yaw, roll=roll)).get_matrix())


@pytest.mark.parametrize("pose", POSES)
def test_rotations_are_those_of_the_client(pose: geometry.Pose) -> None:
    np.testing.assert_allclose(geometry.rotation_matrix(*pose[3:]), client_matrix(pose)[:3, :3], atol=1e-5)


@pytest.mark.parametrize(("parent", "relative"), list(zip(POSES[:5], POSES[5:10], strict=True)))
def test_composition_is_the_product_of_the_clients_matrices(
    parent: geometry.Pose, relative: geometry.Pose
) -> None:
    world = geometry.compose(parent, relative)
    np.testing.assert_allclose(
        client_matrix(world), client_matrix(parent) @ client_matrix(relative), atol=1e-3
    )
    back = geometry.relative_to(parent, world)
    np.testing.assert_allclose(geometry.compose(parent, back), world, atol=1e-9)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    parents, relative = POSES[:10], POSES[10:]
    one_by_one = [geometry.compose(*pair) for pair in zip(parents, relative, strict=True)]
    np.testing.assert_allclose(geometry.compose_all(parents, relative), one_by_one, atol=1e-12)
    matrices = [geometry.rotation_matrix(*pose[3:]) for pose in parents]
    np.testing.assert_allclose(geometry.rotation_matrices(parents[:, 3:]), matrices, atol=1e-15)


def test_a_quarter_turn_by_hand() -> None:
    """Facing +y, two metres ahead and one to the right is two along +y and one along -x."""
    found = geometry.compose(geometry.pose(10.0, 20.0, yaw=90.0), geometry.pose(2.0, 1.0, 0.5, yaw=30.0))
    np.testing.assert_allclose(found, [9.0, 22.0, 0.5, 0.0, 120.0, 0.0], atol=1e-12)
