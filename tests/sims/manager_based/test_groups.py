import torch

from landward.spec import ObservationTerm
from sims.manager_based.groups import Group, group_of, si_values


def test_the_newest_frame_in_si_units() -> None:
    """Seen: (x - offset) * scale. x = seen / scale + offset: 4 / 2 + 0.5 = 2.5, -3 / 0.5 - 1 = -7."""
    position = ObservationTerm("q", "joint_position", (2,), scale=(2.0, 0.5), offset=(0.5, -1.0), history=2)
    gravity = ObservationTerm("g", "projected_gravity", (3,))
    seen = torch.tensor([[9.0, 9.0, 4.0, -3.0, 0.0, 0.0, -1.0]])
    values = si_values((position, gravity), seen)
    assert values["q"].tolist() == [[2.5, -7.0]]
    assert values["g"].tolist() == [[0.0, 0.0, -1.0]]


def test_a_scale_of_zero_gives_the_offset() -> None:
    term = ObservationTerm("q", "state", (2,), scale=(0.0, 1.0), offset=(3.0, 0.0))
    assert si_values((term,), torch.tensor([[0.0, 5.0]]))["q"].tolist() == [[3.0, 5.0]]


def test_history_by_time_becomes_history_by_term() -> None:
    terms = (
        ObservationTerm("a", "state", (2,), history=2),
        ObservationTerm("b", "state", (1,), history=2),
    )
    (group,) = group_of("policy", terms, concatenated=True, time_major=True)
    by_time = torch.tensor([[1.0, 2.0, 10.0, 3.0, 4.0, 20.0]])  # a, b of the older frame, then of the newer
    assert group.arrange(by_time).tolist() == [[1.0, 2.0, 3.0, 4.0, 10.0, 20.0]]


def test_a_dictionary_becomes_one_matrix_and_a_group_an_image() -> None:
    flat = (ObservationTerm("a", "state", (2,)), ObservationTerm("b", "state", (1,)))
    image = ObservationTerm("rgb", "image_rgb", (4, 4, 3))
    groups = {
        group.name: group for group in group_of("policy", (flat[0], image, flat[1]), concatenated=False)
    }
    source = {"a": torch.ones(5, 2), "rgb": torch.zeros(5, 4, 4, 3), "b": torch.full((5, 1), 2.0)}
    assert groups["policy"].arrange(source)[0].tolist() == [1.0, 1.0, 2.0]
    assert groups["policy_rgb"].arrange(source).shape == (5, 4, 4, 3)
    assert si_values(groups["policy_rgb"].terms, source["rgb"])["rgb"] is source["rgb"]
    (alone,) = group_of("eyes", (image,), concatenated=True)
    assert alone.arrange(source["rgb"]) is source["rgb"]
    assert isinstance(alone, Group) and alone.is_image
