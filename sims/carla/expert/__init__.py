"""A rule-based driver: intelligent driver model, stop lines, right of way and pure pursuit."""
