"""What every Landward node shares: names, QoS, messages to arrays, clocks, diagnostics, the main loop.

`names`, `samples`, `watchdog` and the core of `ticker` need no ROS; the other modules need rclpy and the
common interfaces.
"""
