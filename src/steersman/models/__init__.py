"""Pure mathematics: trajectories, impact, volume. Floats, no state, sources named."""
