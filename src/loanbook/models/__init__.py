"""The ladders: one estimator a file, one folder a task; and `scoring`, the arithmetic that decides."""
