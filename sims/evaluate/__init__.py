"""Evaluation of exported policies: rollouts, figures with intervals, robustness matrix, report, film."""

from sims.evaluate.protocol import Evaluation, Settings, evaluate

__all__ = ["Evaluation", "Settings", "evaluate"]
