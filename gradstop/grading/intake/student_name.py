"""Which names of students can be one everywhere: of a folder, in nbgrader's pages and patterns, in the gradebook."""

import unicodedata

_MEAN_SOMETHING = set('<>"&`[]?*')  # nbgrader's pages show a student's name as it is, and its patterns read it
MAX_BYTES = 200  # a folder's name has 255, and some are made of it


def wrong_with_name(name: str) -> str:
    """Say why a student cannot be called so, in words that follow the name; nothing where they can."""
    if not name.isprintable() or set(name) & _MEAN_SOMETHING:
        return "has signs that mean something in a page or a pattern"
    if not name.strip() or name != name.strip():
        return "is empty, or has a space before or after it"
    if name.startswith((".", "__MACOSX")) or set(name) & set("/\\"):
        return "is no name of a folder of submissions"
    if len(name.encode()) > MAX_BYTES:
        return f"has more than {MAX_BYTES} bytes"
    if not unicodedata.is_normalized("NFC", name):
        return "has accents as signs of their own"
    return ""
