"""A fixed suite of situations that shows what an advisor is like before it is given an order."""
