"""What is used of matplotlib's insides. Tried with 3.11.2; ``tests/contracts/test_matplotlib.py`` holds it."""


def close_fonts() -> None:
    """Close the fonts that figures have opened, which matplotlib would do in each fork."""
    from matplotlib.font_manager import _get_font  # type: ignore[attr-defined]

    _get_font.cache_clear()
