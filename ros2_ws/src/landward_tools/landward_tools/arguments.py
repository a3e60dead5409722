"""The command line of a node, for verbs that run one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def ros_arguments(parameters: Mapping[str, Any], namespace: str = "") -> list[str]:
    """`--ros-args -p name:=value ... -r __ns:=/namespace`; a parameter that is None is left out.

    Values are written as JSON, which is YAML as ROS reads it.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    words = [word for name, value in given.items() for word in ("-p", f"{name}:={json.dumps(value)}")]
    if namespace.strip("/"):
        words += ["-r", f"__ns:=/{namespace.strip('/')}"]
    return ["--ros-args", *words] if words else []
