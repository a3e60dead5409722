"""What colcon calls; setup.cfg says the rest."""

from setuptools import setup

setup()
