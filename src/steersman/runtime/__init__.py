"""The only loops and tasks: they build every concrete object and feed the engine."""
