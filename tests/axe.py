"""axe-core looks for faults of accessibility in a page. It is an npm package, which `npm install` puts beside the workbook."""

import pytest

from . import browser

SCRIPT = browser.ROOT / "node_modules" / "axe-core" / "axe.min.js"
HERE = pytest.mark.skipif(not SCRIPT.is_file(), reason="axe-core is not installed: `npm install` in the folder of package.json")
RUN = """([within, rules]) => axe.run(within ? { include: within } : document, {
    resultTypes: ["violations"], ...(rules ? { runOnly: { type: "rule", values: rules } } : {}) })
  .then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html.slice(0, 200))]))"""


def violations(page, within=None, rules=None):
    """[[rule, [HTML of what breaks it]]] of a page, or of what the selector `within` selects; all rules, or those named."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    return page.evaluate(RUN, [within, rules])
