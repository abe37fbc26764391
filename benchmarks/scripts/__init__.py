"""Scripts that are measured as processes of their own: what a floor or a peer does in its `main`."""
