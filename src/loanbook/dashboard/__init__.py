"""The pages over the service: rendered here, no script, nothing loaded from elsewhere."""
