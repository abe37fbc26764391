"""Drafting a book out of a table: guesses, each with its reason, for a person to correct."""
