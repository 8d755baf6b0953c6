"""The words of the trade: units, instruments, orders, advice and the messages between the parts."""
