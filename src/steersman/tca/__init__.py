"""Transaction cost analysis: what an order cost, measured from messages and the market's tape.

One report serves backtest, paper and live, because nothing here knows the engine: it reads what
went into it and what came out. Costs are signed, positive = cost, in bps of the decision notional
(quantity x decision price). What is not known is None, never 0.
"""
