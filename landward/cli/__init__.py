"""The command line: `landward VERB ...`; verbs come from the entry points "landward.commands"."""
