"""Standard messages to arrays and back, by joint name: the order in a message is never assumed."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist, TwistStamped
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray, MultiArrayDimension

from landward_ros.names import BASE_LINK
from landward_ros.samples import NS, CommandSample, ImuSample, JointSample, MessageError

_CACHED_ORDERS = 16
"""Orders of names remembered at once; more means that a publisher never repeats itself."""
_NORM_TOLERANCE = 0.05
"""How far a quaternion's squared length may be from 1: float32 and rounded logs pass, garbage does not."""


def to_ns(stamp: Time) -> int:
    """A message's stamp in nanoseconds."""
    return stamp.sec * NS + stamp.nanosec


def to_stamp(ns: int) -> Time:
    """Nanoseconds as a message's stamp."""
    sec, nanosec = divmod(ns, NS)
    return Time(sec=sec, nanosec=nanosec)


class JointOrder:
    """Reads joint messages into a fixed order of joints.

    Args:
        names: the joints in the wanted order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._own = list(self.names)
        self._orders: dict[tuple[str, ...], np.ndarray] = {}

    def index(self, names: Sequence[str], topic: str = "joint message") -> np.ndarray | None:
        """Where each of our joints is in a message's names; None where the order is ours already.

        Raises:
            MessageError: one of our joints is missing, or a name comes twice.
        """
        if names == self._own:
            return None
        key = tuple(names)
        found = self._orders.get(key)
        if found is None:
            found = self._find(key, topic)
            if len(self._orders) >= _CACHED_ORDERS:
                self._orders.clear()
            self._orders[key] = found
        return found

    def read(self, msg: JointState) -> JointSample:
        """Joint states in our order; joints that are not ours are ignored.

        Raises:
            MessageError: a missing joint, a name that comes twice, or position, velocity or effort of another
                length than the names.
        """
        index = self.index(msg.name, "joint_states")
        count = len(msg.name)
        ns = to_ns(msg.header.stamp)
        return JointSample(
            ns / NS,
            _column(msg.position, count, index, "position"),
            _column(msg.velocity, count, index, "velocity"),
            _column(msg.effort, count, index, "effort"),
            ns,
        )

    def _find(self, names: tuple[str, ...], topic: str) -> np.ndarray:
        places = {name: place for place, name in enumerate(names)}
        if len(places) != len(names):
            double = next(name for place, name in enumerate(names) if places[name] != place)
            raise MessageError(f"{topic}: joint {double!r} is there twice")
        missing = [name for name in self.names if name not in places]
        if missing:
            raise MessageError(
                f"{topic}: no joint {', '.join(map(repr, missing))}; it has {', '.join(names) or 'no joints'}"
            )
        return np.array([places[name] for name in self.names], dtype=np.intp)


def read_imu(msg: Imu) -> ImuSample:
    """An IMU message, orientation as (w, x, y, z); a NaN is passed on for the safety monitor to name.

    Raises:
        MessageError: the driver gives no orientation or no angular velocity (sensor_msgs/Imu: the first
            covariance is -1), or a quaternion that is not of length 1.
    """
    q, rate, force = msg.orientation, msg.angular_velocity, msg.linear_acceleration
    covariances = (
        msg.orientation_covariance[0],
        msg.angular_velocity_covariance[0],
        msg.linear_acceleration_covariance[0],
    )
    return imu_sample(
        to_ns(msg.header.stamp),
        (q.w, q.x, q.y, q.z),
        (rate.x, rate.y, rate.z),
        (force.x, force.y, force.z),
        covariances,
    )


def imu_sample(
    ns: int,
    orientation: Sequence[float],
    rate: Sequence[float],
    force: Sequence[float],
    covariances: Sequence[float],
) -> ImuSample:
    """What the numbers of an IMU message say; see `read_imu`.

    Args:
        ns: stamp [ns].
        orientation: (w, x, y, z).
        rate: (3,) angular velocity [rad/s].
        force: (3,) linear acceleration [m/s^2].
        covariances: the first element of each of the three.
    """
    for name, covariance in zip(("orientation", "angular_velocity"), covariances, strict=False):
        if covariance == -1.0:
            raise MessageError(f"imu/data: the driver says that it measures no {name} (its covariance is -1)")
    w, x, y, z = orientation
    if abs(w * w + x * x + y * y + z * z - 1.0) > _NORM_TOLERANCE:
        raise MessageError(
            f"imu/data: orientation ({w:g}, {x:g}, {y:g}, {z:g}) (w, x, y, z) is no unit quaternion"
        )
    acceleration = None if covariances[2] == -1.0 else np.array(force)
    return ImuSample(ns / NS, np.array(rate), np.array(orientation), acceleration, ns)


def read_command(order: JointOrder, msg: JointState) -> CommandSample:
    """A joint command in our order: a position target, or damping. A NaN is passed on.

    Raises:
        MessageError: not exactly our joints, or neither a whole position target (velocity and effort empty)
            nor damping (position and effort empty, velocity zeros).
    """
    index = order.index(msg.name, "joint command")
    count = len(msg.name)
    if count != len(order.names):
        extra = [name for name in msg.name if name not in order.names]
        raise MessageError(f"joint command: {', '.join(map(repr, extra))} is not a joint of this robot")
    ns = to_ns(msg.header.stamp)
    if len(msg.effort) or (len(msg.position) and len(msg.velocity)):
        raise MessageError(
            "joint command: give positions alone (a target), or zero velocities alone (damping); it has "
            f"{len(msg.position)} positions, {len(msg.velocity)} velocities, {len(msg.effort)} efforts"
        )
    if len(msg.position):
        return CommandSample(ns / NS, _column(msg.position, count, index, "position"), ns)
    if len(msg.velocity) != count or any(msg.velocity):
        raise MessageError(
            f"joint command: damping needs {count} velocities of zero, got {list(msg.velocity)}"
        )
    return CommandSample(ns / NS, None, ns)


def position_command(names: Sequence[str], stamp_ns: int, position: np.ndarray) -> JointState:
    """A position target.

    Args:
        names: joints, in the order of `position`.
        stamp_ns: stamp of the joint states that it answers [ns].
        position: (J,) target [rad].
    """
    msg = JointState(name=list(names), position=_doubles(position))
    msg.header.stamp = to_stamp(stamp_ns)
    return msg


def damping_command(names: Sequence[str], stamp_ns: int) -> JointState:
    """The safe command: no position, zero velocity.

    Args:
        names: joints.
        stamp_ns: now [ns].
    """
    msg = JointState(name=list(names), velocity=array("d", bytes(8 * len(names))))
    msg.header.stamp = to_stamp(stamp_ns)
    return msg


def joint_state(names: Sequence[str], sample: JointSample) -> JointState:
    """Joint states as a driver publishes them."""
    msg = JointState(
        name=list(names),
        position=_doubles(sample.position),
        velocity=_doubles(sample.velocity),
        effort=_doubles(sample.effort),
    )
    msg.header.stamp = to_stamp(sample.stamp_ns)
    return msg


def imu(sample: ImuSample, frame_id: str) -> Imu:
    """An IMU message as a driver publishes it; covariances of 0 say "not known" (sensor_msgs/Imu)."""
    msg = Imu()
    msg.header.stamp, msg.header.frame_id = to_stamp(sample.stamp_ns), frame_id
    q, rate = msg.orientation, msg.angular_velocity
    q.w, q.x, q.y, q.z = sample.orientation.tolist()
    rate.x, rate.y, rate.z = sample.angular_velocity.tolist()
    force = msg.linear_acceleration
    if sample.linear_acceleration is None:
        # REP-145: -1 says that there is no such measurement.
        msg.linear_acceleration_covariance[0] = -1.0
    else:
        force.x, force.y, force.z = sample.linear_acceleration.tolist()
    return msg


def read_twist(msg: TwistStamped | Twist) -> np.ndarray:
    """(3,) planar velocity in the frame of the base: forward, left [m/s], turn [rad/s]."""
    twist = msg.twist if isinstance(msg, TwistStamped) else msg
    return np.array((twist.linear.x, twist.linear.y, twist.angular.z))


def twist_message(stamp_ns: int, velocity: Sequence[float] | np.ndarray) -> TwistStamped:
    """A planar velocity command (forward, left [m/s], turn [rad/s]) in the frame of the base."""
    msg = TwistStamped()
    msg.header.stamp, msg.header.frame_id = to_stamp(stamp_ns), BASE_LINK
    twist = msg.twist
    twist.linear.x, twist.linear.y, twist.angular.z = (float(value) for value in velocity)
    return msg


def observation_message(stamp_ns: int, tick: int, inputs: Mapping[str, np.ndarray]) -> Float64MultiArray:
    """The exact inputs of one inference: float32 to float64 and microseconds in a double lose nothing.

    Args:
        stamp_ns: ROS time of the inference [ns].
        tick: inferences since the policy's memory was reset; 0 = reset just before.
        inputs: term name -> value, in the order of the spec.
    """
    columns = [np.array((stamp_ns // 1000, tick), dtype=np.float64)]
    columns += [np.asarray(value, dtype=np.float64).ravel() for value in inputs.values()]
    sizes = {"stamp_us": 1, "tick": 1}
    sizes |= {name: column.size for name, column in zip(inputs, columns[1:], strict=True)}
    msg = Float64MultiArray(data=_doubles(np.concatenate(columns)))
    msg.layout.dim = [MultiArrayDimension(label=name, size=size, stride=1) for name, size in sizes.items()]
    return msg


def read_observation(msg: Float64MultiArray) -> tuple[int, int, dict[str, np.ndarray]]:
    """What `observation_message` wrote: (stamp [us], tick, term name -> flat float64 array).

    Raises:
        MessageError: the layout is another one, or does not fit the data.
    """
    dims = [(dim.label, int(dim.size)) for dim in msg.layout.dim]
    if dims[:2] != [("stamp_us", 1), ("tick", 1)]:
        raise MessageError(
            f"policy/observation: the layout must begin with stamp_us and tick, got {dims[:2]}"
        )
    total = sum(size for _, size in dims)
    if total != len(msg.data):
        raise MessageError(f"policy/observation: the layout has {total} numbers, the data {len(msg.data)}")
    data = np.array(msg.data, dtype=np.float64)
    values: dict[str, np.ndarray] = {}
    start = 2
    for name, size in dims[2:]:
        values[name] = data[start : start + size]
        start += size
    return int(data[0]), int(data[1]), values


def _column(values: Any, count: int, index: np.ndarray | None, name: str) -> np.ndarray:
    if len(values) != count:
        raise MessageError(f"joint message: {len(values)} entries of {name} for {count} names")
    column = np.array(values, dtype=np.float64)
    return column if index is None else column[index]


def _doubles(values: np.ndarray) -> array[float]:
    """As the array type of messages, which their setters take without looking at every element."""
    return array("d", np.ascontiguousarray(values, dtype=np.float64).tobytes())
