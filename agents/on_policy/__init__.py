"""On-policy learning: rsl_rl's PPO with constraints as terminations, mirror augmentation and exact resume."""

import os

# rsl_rl's logger imports GitPython, which refuses to be imported where no git executable is installed
# (containers, robots). Landward records the commit itself, so a missing git is not an error here.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
