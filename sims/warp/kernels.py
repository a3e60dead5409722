# type: ignore  # Warp compiles this: what type checkers see as indexed types are arrays
"""The engine's own Warp kernels, launched between physics steps of a captured graph."""

import warp as wp

wp.set_module_options({"enable_backward": False})


@wp.kernel
def contact_forces(
    sensordata: wp.array2d[wp.float32],
    first: wp.bool,
    force: wp.array2d[wp.float32],
) -> None:
    """Magnitudes of the net contact forces [N]; later calls of a control step keep the larger one.

    Args:
        sensordata: (N, 3 S) one force vector a sensor.
        first: whether this is the first call of a control step.
        force: (N, S) result.
    """
    env, sensor = wp.tid()
    x = sensordata[env, 3 * sensor]
    y = sensordata[env, 3 * sensor + 1]
    z = sensordata[env, 3 * sensor + 2]
    size = wp.sqrt(x * x + y * y + z * z)
    if first:
        force[env, sensor] = size
    else:
        force[env, sensor] = wp.max(force[env, sensor], size)


@wp.kernel
def dc_motor(
    command: wp.array2d[wp.float32],
    qpos: wp.array2d[wp.float32],
    qvel: wp.array2d[wp.float32],
    qpos_address: wp.array[wp.int32],
    dof_address: wp.array[wp.int32],
    stiffness: wp.array2d[wp.float32],
    damping: wp.array2d[wp.float32],
    stall: wp.array2d[wp.float32],
    limit: wp.array2d[wp.float32],
    no_load: wp.array[wp.float32],
    torque: wp.array2d[wp.float32],
) -> None:
    """PD control through a DC motor, see sims.mujoco.actuators.dc_motor_torque.

    Args:
        command: (N, J) joint position targets [rad].
        qpos: (N, nq).
        qvel: (N, nv).
        qpos_address: (J,) column of each joint in qpos.
        dof_address: (J,) column of each joint in qvel.
        stiffness: (N, J) [N m/rad].
        damping: (N, J) [N m s/rad].
        stall: (N, J) torque at rest [N m].
        limit: (N, J) continuous limit [N m].
        no_load: (J,) speed at which the torque is zero [rad/s].
        torque: (N, J) result [N m].
    """
    env, joint = wp.tid()
    velocity = qvel[env, dof_address[joint]]
    error = command[env, joint] - qpos[env, qpos_address[joint]]
    wanted = stiffness[env, joint] * error - damping[env, joint] * velocity
    ratio = velocity / no_load[joint]
    bound = limit[env, joint]
    highest = wp.clamp(stall[env, joint] * (1.0 - ratio), 0.0, bound)
    lowest = wp.clamp(stall[env, joint] * (-1.0 - ratio), -bound, 0.0)
    torque[env, joint] = wp.clamp(wanted, lowest, highest)
