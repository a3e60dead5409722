"""Starts a deployment, shows how the robot does, and stops it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from landward_bringup.description import Deployment
from landward_bringup.environment import environment
from landward_bringup.process import Process
from landward_bringup.supervisor import Ending, Job, Supervisor
from landward_ros.shared_memory import remove_dead

LOOK = 0.5
"""[s] Between two looks at the robot."""


def run_deployment(deployment: Deployment, console: Console, seconds: float = 0.0) -> Ending:
    """Start all processes, wait for the end, stop them.

    Args:
        deployment: what to start.
        console: for the lines of the processes and the robot's state; on stderr.
        seconds: how long the robot is to walk [s]; 0 where that is open.

    Raises:
        DeploymentError: another deployment is in the way.
    """
    from landward_bringup.observer import Observer  # rclpy, which may not be there

    jobs = [job(process) for process in deployment.processes]
    # A keyboard teleoperation draws in this terminal; ours would garble it.
    quiet = any(process.terminal for process in deployment.processes)

    def say(line: str) -> None:
        if not quiet:
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    try:
        with (
            Observer(deployment) as observer,
            Supervisor(jobs, deployment.logs, say, environment(deployment.processes)) as supervisor,
            console.status("starting") as status,
        ):
            if quiet:
                status.stop()
            ending = supervisor.start(observer.ready)
            while ending is None:
                ending = supervisor.wait(LOOK)
                status.update(escape(observer.look().line(seconds)))
            status.update(f"{escape(ending.reason)}; stopping")
            return ending
    finally:
        remove_dead()


def job(process: Process) -> Job:
    """What the supervisor starts for a process."""
    return Job(process.name, process.command(), process.needs, process.ends, process.terminal)
