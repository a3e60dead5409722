import pytest

from landward.errors import LandwardError
from sims.carla.world import explained


def test_a_call_that_the_server_does_not_know_is_named() -> None:
    with pytest.raises(LandwardError, match="'set_actor_dead': it is of another version"), explained():
        raise RuntimeError("rpc::rpc_error during call in function set_actor_dead")


def test_a_server_that_is_lost_stays_a_runtime_error() -> None:
    with pytest.raises(RuntimeError, match="time-out of 1000ms"), explained():
        raise RuntimeError("time-out of 1000ms while waiting for the simulator")
