"""Simulators behind one batched environment contract; nothing here imports a simulator until it is asked for."""
