"""Models before and after a remedy: one that learns its training rows by heart, and the same held back.

They are made to show a remedy, not to be used; the rungs of the ladder have all of them built in.
"""
