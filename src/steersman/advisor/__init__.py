"""Advisors: things that answer a `Question` with `Advice`, and the supervisor that runs them."""
