"""From a probability to a decision with its reasons, logged so that it can be made again."""
