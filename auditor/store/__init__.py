"""The data directory: payloads, segments, states and the ledger, and the proof that they are what was written.

Payloads and the ledger are the truth. Segments hold the rows of a run for ever; a state is a cache built from them.
A run counts from the moment its manifest stands in the ledger, and everything a manifest names is durable before.
"""
