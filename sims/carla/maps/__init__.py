"""OpenDRIVE towns of our own making, and the static world that any OpenDRIVE map stands for."""
