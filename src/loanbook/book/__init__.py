"""The book: what a lender declares."""
