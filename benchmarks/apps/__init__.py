"""Servers to measure beside ours: echoes, the least that any answer costs, and what people ship.

What people ship (`on_*.py`) runs in environments of its own and imports nothing of ours but the peer's pipeline.
"""
