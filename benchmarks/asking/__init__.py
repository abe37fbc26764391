"""The load generator: a process of its own that asks a server over kept-alive loopback connections.

    python -m benchmarks.asking < plan.json

It waits for readiness in one epoll and holds every request ready as bytes, so that it takes little of the machine it
shares with what it measures. `benchmarks/load.py` starts it.
"""
