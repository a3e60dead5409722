"""Simulated twin: the MuJoCo robot on the topics of the real one."""
