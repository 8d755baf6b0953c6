"""Rules that read slow signals, as pure functions that explain themselves."""
