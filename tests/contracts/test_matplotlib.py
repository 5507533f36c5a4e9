"""What `gradstop.internals.matplotlib` relies on, each assumption by its name."""

import io

from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from support.forks import in_a_fork

from gradstop.internals.matplotlib import close_fonts


def open_fonts():
    return font_manager._get_font.cache_info().currsize


def draw():
    figure = Figure()
    figure.subplots().plot([1, 2])
    FigureCanvasAgg(figure).print_png(io.BytesIO())


def test_matplotlib_keeps_the_fonts_that_a_figure_has_opened_in_the_cache_of_get_font():
    close_fonts()
    assert open_fonts() == 0
    draw()
    assert open_fonts() > 0


def test_matplotlib_closes_its_fonts_in_each_fork():
    """Where it no longer does, there is nothing to spare the forks."""

    def body():
        assert open_fonts() == 0

    draw()
    in_a_fork(body)
