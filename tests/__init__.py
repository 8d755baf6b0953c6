"""The proof of Steersman; the tree mirrors `src/steersman`."""
