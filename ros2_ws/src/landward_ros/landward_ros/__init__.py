"""What the nodes share: topic names, QoS, messages to arrays by joint name, ticker, diagnostics."""
