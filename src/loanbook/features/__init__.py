"""From a raw row to a model row, fitted once, the same for one row and for a million."""
