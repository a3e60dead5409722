"""`landward teleop`."""

from __future__ import annotations

from dataclasses import dataclass, field

from landward_tools.arguments import ros_arguments
from landward_tools.velocity import Limits


@dataclass
class Teleop:
    """Drive a deployed robot with the keyboard of this terminal, or with a joystick.

    A terminal cannot tell that a key was released. So each key holds the deadman for --deadman-seconds: keep
    any key down, or tap one. x is the emergency stop, space stops the robot where it stands.

    Examples:
        landward teleop
        landward teleop --namespace left --limits.forward 0.5
        landward teleop --joy
    """

    namespace: str = ""
    """Of the robot, such as "left"."""
    limits: Limits = field(default_factory=Limits)
    """Fastest commands, and how quickly they grow."""
    deadman_seconds: float = 1.0
    """How long a key holds the deadman [s]; 0: as long as the terminal is there, from the first key on."""
    joy: bool = False
    """Read sensor_msgs/Joy from the topic "joy" (ros2 run joy joy_node) instead of the keyboard."""
    sim_time: bool = False
    """Stamps are of /clock: the twin runs faster or slower than real time."""

    def run(self) -> int:
        """Drive until Ctrl-C."""
        parameters = {**vars(self.limits), "use_sim_time": self.sim_time}
        if self.joy:
            from landward_tools.joy import main
        else:
            from landward_tools.teleop import main

            parameters["deadman_seconds"] = self.deadman_seconds
        return main(["landward teleop", *ros_arguments(parameters, self.namespace)])
