"""Isaac Lab: any of its tasks as an environment, and our own tasks on its articulations."""
