"""The look that plots of reports share: matplotlib settings and colours, without matplotlib."""

INK, MEASURED, COMMANDED, GOOD, BAD, GRID = "#1f2933", "#1565c0", "#90a4ae", "#2e7d32", "#c62828", "#e0e4e8"
STYLE = {
    "font.size": 9,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "svg.hashsalt": "landward",
}
"""For matplotlib.rc_context; the salt makes equal plots equal files."""
