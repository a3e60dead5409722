from landward_bringup.view import View


def test_what_is_not_known_is_not_shown() -> None:
    assert View().line(60.0) == "policy: not there yet"
    assert View(policy="stand", safety="tilt").line(60.0) == "policy: stand, safety: tilt"


def test_walking_in_a_line() -> None:
    view = View(112.4, 100.0, "policy", "", (0.5, 0.0, -0.2), (0.48, 0.01, -0.25))
    assert view.line(60.0) == (
        "policy: policy, 48 s left, command +0.50 +0.00 m/s -0.20 rad/s, robot +0.48 +0.01 m/s -0.25 rad/s"
    )
    assert View(112.4, 100.0, "policy").line(0.0) == "policy: policy, 12 s"
    assert View(170.0, 100.0, "policy").line(60.0) == "policy: policy, 0 s left"
