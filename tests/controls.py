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
        x, y = control.evaluate(MIDDLE)
        if way == "key":
            control.focus()
            page.keyboard.press(KEYS.get(state["kind"], "ArrowRight"))
        else:
            (page.mouse.click if way == "mouse" else page.touchscreen.tap)(x, y)
        what = f"{widget}: {state['kind']} {state['name']!r}"
        if not control.evaluate(REACHED, way):
            found.append(f"{what} was not reached by {way}")
        if state["kind"] == "select" and way != "key":
            page.keyboard.press("Escape")                                   # its list
        now, focused = page.evaluate(KEPT)
        if now != cells or (way == "key" and f"lenet-{widget}" not in focused):
            found.append(f"{what} by {way}: {now} cells, not {cells}; the focus is in {focused or 'none of the widgets'}")
    return found
