"""The blueprint library: everything a client can spawn."""
