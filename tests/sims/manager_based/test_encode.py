import pytest
import torch

from landward.action import decode_all
from landward.errors import EnvContractError
from landward.spec import ActionTerm
from sims.manager_based.encode import raw_action

TERMS = (
    ActionTerm("legs", "joint_position_target", (2,), scale=(0.5, 0.0), offset=(1.0, -2.0)),
    ActionTerm("hand", "raw", (1,)),
)


def test_targets_give_the_raw_action_that_they_come_from() -> None:
    """(2 - 1) / 0.5 = 2; the second joint has scale 0, so nothing is to be known of its raw action."""
    raw = raw_action(TERMS, {"hand": torch.tensor([[7.0]]), "legs": torch.tensor([[2.0, -2.0]])}, "cpu")
    assert raw.tolist() == [[2.0, 0.0, 7.0]]
    assert decode_all(TERMS, raw)["legs"].tolist() == [[2.0, -2.0]]


def test_a_missing_target_is_named() -> None:
    with pytest.raises(EnvContractError, match="'hand' is missing; got legs"):
        raw_action(TERMS, {"legs": torch.zeros(1, 2)}, "cpu")
