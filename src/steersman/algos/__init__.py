"""Algorithms: pure functions from the market and an order's progress to a target."""
