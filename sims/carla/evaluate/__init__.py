"""Closed-loop evaluation of driving with the CARLA leaderboard's figures."""
