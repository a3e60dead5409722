"""Simulated twin: the MuJoCo robot on the topics of the real one.

Being a simulator, this package alone of the workspace imports from `sims` (`sims.mujoco`, `sims.physics`,
`sims.rotation`, `sims.terrain*`); the others use `landward` and `robots` only.
"""
