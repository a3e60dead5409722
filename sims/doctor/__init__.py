"""What is installed on this machine, what each simulator needs, and what is missing."""
