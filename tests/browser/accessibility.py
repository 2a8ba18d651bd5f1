"""axe-core on a page: nothing that keeps people out."""

from pathlib import Path

import axe_playwright_python

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
BAD = {"serious", "critical"}
RUN = "() => axe.run(document, {resultTypes: ['violations']})"


def findings(page):
    """The serious and critical findings: rule, what it asks, and the nodes that break it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(RUN)["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}\n    {node['html'][:300]}"
        for one in found
        if one["impact"] in BAD
        for node in one["nodes"]
    ]


def check_axe(page):
    """Fail on each serious or critical finding, with its rule and its node."""
    found = findings(page)
    assert not found, f"{page.url}\n" + "\n".join(found)
