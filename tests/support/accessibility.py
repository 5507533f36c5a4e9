"""What axe finds on a page, in each of the looks that a page has."""

import pytest

WIDE, PHONE = {"width": 1200, "height": 800}, {"width": 390, "height": 844}
LOOKS = [(width, scheme) for width in (WIDE, PHONE) for scheme in ("light", "dark")]

# Takes each text away whose colours and size another one has had: a page has thousands of words in its programs, and
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
  for (const text of alike) text.remove();
}"""
CONTRAST = "color-contrast"


def faults(tab):
    """Return what axe finds on a page, one line for each kind, with the first place where it is; its words are lost."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python").Axe()
    tab.evaluate(axe.axe_script)

    def found(**options):
        return tab.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **options})["violations"]

    others = found(rules={CONTRAST: {"enabled": False}})
    tab.evaluate(KEEP_ONE_OF_EACH)
    return [
        f"{fault['id']} ({len(fault['nodes'])} times): {fault['help']}: "
        + "; ".join(f"{node['target'][-1]} {node['html'][:160]}" for node in fault["nodes"][:3])
        for fault in (*others, *found(runOnly=[CONTRAST]))
    ]
