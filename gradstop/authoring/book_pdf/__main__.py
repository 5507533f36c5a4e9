"""``python -m gradstop.authoring.book_pdf``: print the book of this folder."""

from pathlib import Path

from gradstop.authoring.book_pdf import print_book

print(print_book(Path.cwd()).relative_to(Path.cwd()))
