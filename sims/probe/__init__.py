"""Small experiments on an engine, and what their outcome says about how it reads and writes a robot."""
