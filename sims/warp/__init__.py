"""Rigid-body robots on MuJoCo Warp, thousands of environments on one GPU; torch tensors without copies."""
