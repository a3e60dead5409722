"""Learning: algorithms that train on any `sims.env.Env` and export policies that carry their contract."""
