"""The light core of Landward: specs, constraints, the observation pipeline and exported policies.

Importing this package needs NumPy alone; everything heavier is imported by the module that uses it.
"""

__version__ = "0.1.0"
