"""Fault injector, and the campaign that shows what the safety monitor does about each fault."""
