"""What axe finds on a page, in each of the looks that a page has."""

from collections.abc import Iterator

import pytest

WIDE, PHONE = {"width": 1200, "height": 800}, {"width": 390, "height": 844}
WIDTHS, SCHEMES = (WIDE, PHONE), ("light", "dark")
LOOKS = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]

# Empties each text whose colours and size another one has had: a page has thousands of words in its programs, and
# axe needs some milliseconds for the colours of each.
KEEP_ONE_OF_EACH = """() => {
  const seen = new Set(), alike = [];
  for (const node of document.body.querySelectorAll('*:not(script, style)')) {
    const texts = [...node.childNodes].filter(one => one.nodeType === Node.TEXT_NODE && one.data.trim());
    if (!texts.length) continue;
    const own = getComputedStyle(node);
    const looks = [own.color, own.fontSize, own.fontWeight];
    for (let one = node; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      looks.push(style.opacity, style.backgroundColor, style.backgroundImage);
    }
    const key = looks.filter(value => !['1', 'rgba(0, 0, 0, 0)', 'none'].includes(value)).join();
    if (seen.has(key)) alike.push(...texts); else seen.add(key);
  }
  const words = alike.map(text => text.data);
  for (const text of alike) text.data = '';
  window.putBack = () => alike.forEach((text, i) => { text.data = words[i]; });
}"""
CONTRAST = "color-contrast"
BY_COLOUR = [CONTRAST, "link-in-text-block"]  # all other rules go by what SHOWN_AS_BEFORE compares
# Whether a page is what it was when this was asked last, but for its colours: elements, texts, places, what is hidden.
SHOWN_AS_BEFORE = """() => {
  const before = window.shown;
  const styles = ['display', 'visibility', 'opacity', 'overflow', 'position', 'clipPath', 'font'];
  window.shown = [...document.querySelectorAll('*:not(html, script, style)')].map(node => {
    const style = getComputedStyle(node), {x, y, width, height} = node.getBoundingClientRect();
    const own = [...node.childNodes].filter(one => one.nodeType === Node.TEXT_NODE).map(one => one.data);
    return [node.cloneNode().outerHTML, ...own, ...styles.map(name => style[name]), x, y, width, height,
            node.scrollWidth, node.scrollHeight, node.value, node.checked].join();
  }).join();
  return window.shown === before;
}"""


def schemes(tab) -> Iterator[str]:
    """Show a page in the one scheme and then in the other, as for a reader whose system changes it."""
    for scheme in SCHEMES:
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
        tab.evaluate("document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())")
        yield scheme


def faults(tab) -> list[str]:
    """Return what axe finds on a page, one line for each kind, with the first place where it is.

    Where nothing but colours has changed since this was asked of the page before, their rules alone are asked again.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python").Axe()
    tab.evaluate(axe.axe_script)

    def found(**options):
        return tab.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **options})["violations"]

    if tab.evaluate(SHOWN_AS_BEFORE):
        others = found(runOnly=[rule for rule in BY_COLOUR if rule != CONTRAST])
    else:
        others = found(rules={CONTRAST: {"enabled": False}})
    tab.evaluate(KEEP_ONE_OF_EACH)
    contrast = found(runOnly=[CONTRAST])
    tab.evaluate("putBack()")
    return [
        f"{fault['id']} ({len(fault['nodes'])} times): {fault['help']}: "
        + "; ".join(f"{node['target'][-1]} {node['html'][:160]}" for node in fault["nodes"][:3])
        for fault in (*others, *contrast)
    ]
