"""What every Landward node shares: names, QoS, messages to arrays by name, clocks, diagnostics, the main loop.

`names`, `samples`, `watchdog` and the core of `ticker` need no ROS; the other modules need ROS 2 (rclpy and the
common interfaces).
"""
