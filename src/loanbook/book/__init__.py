"""The book, `loanbook.toml`: what a lender has and what it wants, checked whole before anything runs."""

from loanbook.book.columns import ColumnType
from loanbook.book.declaration import USECASES, Book, Economics, PolicySettings, Section, Source

__all__ = ["USECASES", "Book", "ColumnType", "Economics", "PolicySettings", "Section", "Source"]
