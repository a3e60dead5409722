"""A small campaign over the real nodes: every kind on the topics once, and two processes that die."""

import json

import pytest

pytest.importorskip("onnx", reason="makes policies")
pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")

from landward.constraint import Constraint
from landward_faults import campaign, results
from landward_faults.catalogue import KINDS, constraint_kinds
from landward_faults.kinds import PROCESS, FaultError, draw, select
from landward_faults.nodes import NodeCommand, Nodes
from landward_faults.session import Session, Settings
from robots import get_robot
from tests.ros2_ws.landward_policy.policies import go1_spec, write_policy

pytestmark = [pytest.mark.ros, pytest.mark.slow]
TORQUE = Constraint("torque", "joint_torque", 18.0, "N m")
RATE = 0.2
"""Slow, so that the scheduler of a busy machine does not look like a fault."""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campaign")
    policy = write_policy(folder / "policy.onnx", go1_spec(constraints=(TORQUE,)))
    with Session(Settings("go1", policy, RATE, folder)) as session:
        yield session


def test_every_kind_is_handled(session):
    kinds = [kind for kind in KINDS if PROCESS not in kind.streams]
    kinds += [
        *constraint_kinds([TORQUE], get_robot("go1")),
        *select(["policy_killed", "monitor_killed"], KINDS),
    ]
    faults = [draw(kind, 5, index) for index, kind in enumerate(kinds)]
    outcome = campaign.run(session, faults, progress=lambda verdict: None, walk=False)
    assert [verdict for verdict in outcome.verdicts if not verdict.caught] == []
    assert outcome.violations == []
    assert len(outcome.verdicts) == len(kinds)
    assert outcome.commands > len(kinds)
    table = results.rows(outcome, kinds)
    assert [row.kind for row in table] == kinds
    assert results.worst_share(table) <= 1.0
    record = json.loads(json.dumps(results.record(outcome, table, {"seed": 5}), allow_nan=False))
    assert record["holds"] and record["caught"] == len(kinds) and record["failures"] == []


def test_a_monitor_that_does_not_act_is_found(session, monkeypatch):
    """The monitor's wire is cut where the fault would be, so nothing happens, and the judge has to say so."""
    session.make_ready(walking=False)
    monkeypatch.setattr(campaign, "_TIMEOUT", 0.1)
    monkeypatch.setattr("landward_faults.mutations.alter", lambda message, fault, stream: None)
    fault = draw(select(["imu_tilt"], KINDS)[0], 5, 0)
    outcome = campaign.run(session, [fault], progress=lambda verdict: None, walk=False)
    (verdict,) = outcome.verdicts
    assert verdict.failures[0] == "no safe state"
    assert "not named in /diagnostics: expected tilt" in verdict.failures[1]
    assert not outcome.holds
    assert results.failure(verdict)["number"] == 0


def test_a_node_that_ends_by_itself_ends_the_campaign(session, monkeypatch):
    def broken(walking):
        raise FaultError("node twin ended with status 1")

    monkeypatch.setattr(session, "make_ready", broken)
    faults = [draw(KINDS[0], 5, index) for index in range(3)]
    outcome = campaign.run(session, faults, progress=lambda verdict: None, walk=False)
    assert outcome.aborted == "node twin ended with status 1"
    assert outcome.verdicts == [] and not outcome.holds


def test_no_node_outlives_its_keeper(tmp_path):
    node = NodeCommand("twin", "landward_twin.node", {"robot": "go1"})
    with Nodes([node], tmp_path) as nodes:
        nodes.start("twin")
        nodes.freeze("twin")
        process = nodes._running["twin"]
        assert process.poll() is None
    assert process.returncode is not None
