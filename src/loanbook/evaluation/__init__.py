"""How good a ladder is, rung by rung, and what the best of it is worth."""
