"""Is every control of the widgets on a page to be reached and worked: by click, by touch and by key?"""

CONTROLS = "button, select, input, summary, [tabindex='0']"
KEYS = {"button": "Enter", "summary": "Enter", "select": "ArrowDown", "number": "ArrowUp", "checkbox": " "}          # others: ArrowRight
LISTEN = """() => { window.reached = [];
    for (const kind of ["pointerdown", "keydown"])
        document.addEventListener(kind, (event) => window.reached.push([event.target, event.pointerType ?? "key"]), true); }"""
MIDDLE = """control => { control.scrollIntoView({ block: "center", inline: "nearest" });
    const box = control.getBoundingClientRect();
    window.reached.length = 0;
    return [box.left + box.width / 2, box.top + box.height / 2]; }"""
REACHED = """(control, way) => window.reached.some(([target, type]) => type === way && control.contains(target))"""
STATE = """control => ({
    kind: control.matches("input") ? control.type : control.localName, name: control.getAttribute("aria-label") ?? control.innerText,
    seen: control.checkVisibility({ visibilityProperty: true }) && control.getBoundingClientRect().width > 0 })"""
KEPT = """() => [document.querySelectorAll(".jp-Cell").length, document.activeElement.closest(".lenet-widget")?.className ?? ""]"""


def _reach(page, control, kind, way):
    """Work a control; returns whether it got the pointer or the key. Three tries: a late answer may move it between a look and a click."""
    for _ in range(3):
        x, y = control.evaluate(MIDDLE)
        if way == "key":
            control.focus()
            page.keyboard.press(KEYS.get(kind, "ArrowRight"))
        else:
            (page.mouse.click if way == "mouse" else page.touchscreen.tap)(x, y)
        if control.evaluate(REACHED, way):
            return True
        page.wait_for_timeout(300)
    return False


def faults(page, widget, way):
    """Works each control of a widget by "mouse", "touch" or "key"; returns in words which ones were not reached or did harm.

    A control is not reached if something else gets the pointer in its middle, or the key. It does harm if a cell of the notebook goes or comes,
    or if the focus leaves the widget on a key. A page with `has_touch` can be touched.
    """
    found, (cells, _) = [], page.evaluate(KEPT)
    root = page.locator(f".lenet-{widget}.lenet-widget").first
    page.evaluate(LISTEN)
    for control in root.locator(CONTROLS).element_handles():
        if not control.evaluate("control => control.isConnected"):
            continue                                                        # an action before made another one in its place
        state = control.evaluate(STATE)
        if not state["seen"]:
            continue
        what = f"{widget}: {state['kind']} {state['name']!r}"
        if not _reach(page, control, state["kind"], way):
            found.append(f"{what} was not reached by {way}")
        if state["kind"] == "select" and way != "key":
            page.keyboard.press("Escape")                                   # its list
        now, focused = page.evaluate(KEPT)
        if now != cells or (way == "key" and f"lenet-{widget}" not in focused):
            found.append(f"{what} by {way}: {now} cells, not {cells}; the focus is in {focused or 'none of the widgets'}")
    return found
