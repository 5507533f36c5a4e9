"""The whole book as one PDF: the built pages, one behind the other, printed by a headless Chromium (``make pdf``)."""

from gradstop.authoring.book_pdf.pages import SITE, contents
from gradstop.authoring.book_pdf.printing import DOWNLOAD, HIDDEN_LINK, PDF, print_book

__all__ = ["DOWNLOAD", "HIDDEN_LINK", "PDF", "SITE", "contents", "print_book"]
