from landward.constraint import Constraint
from landward_safety.report import ERROR, OK, WARN, describe
from tests.ros2_ws.landward_safety.scenes import Scene

FAST = Constraint("fast", "joint_vel", 1.0, "rad/s")
FORCE = Constraint("force", "foot_force", 50.0, "N")


def test_before_anything_came():
    report = describe(Scene(FAST, FORCE).monitor)
    assert (report.level, report.message) == (WARN, "disarmed, not ready: sensor_silent")
    assert report.values["age.imu/data"] == "never"
    assert report.values["not_monitored"] == "force (needs foot_force)"
    assert report.values["constraints"] == report.values["constraints_waiting"] == "fast"


def test_ready_armed_and_clamping():
    scene = Scene(FAST)
    scene.sense()
    assert (describe(scene.monitor).level, describe(scene.monitor).message) == (OK, "disarmed")
    scene.arm()
    report = describe(scene.monitor)
    assert (report.level, report.message) == (OK, "armed")
    assert report.values["age.joint_states"] == "0.0 ms"
    scene.command(0.9, -0.5)
    report = describe(scene.monitor)
    assert (report.level, report.message) == (WARN, "armed: clamped.rate")
    assert report.values["clamped.rate"] == "1"


def test_a_soft_violation_is_a_warning():
    scene = Scene(FAST).arm()
    scene.sense(scene.now + 0.001, velocity=(1.5, 0.0))
    report = describe(scene.monitor)
    assert (report.level, report.message) == (WARN, "armed: constraint.fast")
    assert report.values["violations.fast"] == "1" and report.values["constraints_violated"] == "fast"


def test_a_fault_names_itself_first():
    scene = Scene().arm()
    scene.sense(scene.now + 0.001, position=(1.2, 0.0))
    report = describe(scene.monitor)
    assert report.level == ERROR
    assert report.message.startswith("joint_position: hip is at 1.200 rad")
    assert report.values["state"] == "fault" and report.values["fault"] == "joint_position"
    assert float(report.values["at"]) == scene.now and report.values["faults"] == "1"


def test_a_refused_target_is_told():
    scene = Scene(deadman_required=True)
    scene.sense()
    scene.command()
    values = describe(scene.monitor).values
    assert values["refused"] == values["not_ready"] == "deadman: the deadman switch is not held"
    assert values["refused_commands"] == "1"
