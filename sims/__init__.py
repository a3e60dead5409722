"""Simulators behind one batched environment contract; none is imported until it is asked for."""
