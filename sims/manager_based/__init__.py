"""What Isaac Lab's and mjlab's manager-based tasks have in common, without either: managers -> PolicySpec."""
