"""What actions leave behind in a page: the heap of its scripts after a collection, nodes and listeners, as Chromium counts them."""

import itertools

KEYS = {                                    # widget: what in it is focused, and the keys that lead back to where they began
    "step": ("input[type=range]", ["ArrowRight", "ArrowLeft"]),
    "draw": (".sheet", [" ", "ArrowRight", " ", "Control+z"]),
    "look": (".main .over", ["ArrowRight", "ArrowLeft", "PageDown", "PageUp"]),
    "mistakes": ("td[tabindex='0']", ["Enter", "ArrowRight", "Enter", "ArrowLeft"]),
    "training-panel": ("input[type=range]", ["ArrowLeft", "ArrowRight"]),
    "time-travel": ("input[type=range]", ["ArrowLeft", "ArrowRight"]),
    "hinges": ("input[type=range]", ["ArrowRight", "ArrowLeft"]),
    "regions": ("input[type=range]", ["ArrowRight", "ArrowLeft"])}


def act(page, widgets, times):
    """So many actions: the widgets take turns, and each goes through its keys again and again."""
    turns = [(page.locator(f".lenet-{name}").first.locator(KEYS[name][0]).first, itertools.cycle(KEYS[name][1])) for name in widgets]
    for focused, keys in itertools.islice(itertools.cycle(turns), times):
        focused.press(next(keys))


def held(page):
    """{"heap": bytes, "nodes": number, "listeners": number} of a page, after what nobody refers to has been collected."""
    editor = page.locator(".jp-CodeCell .cm-content").first
    if editor.count():                                      # JupyterLab holds every key's event until a shortcut runs, such as Escape in a cell
        editor.click()
        page.keyboard.press("Escape")
    page.wait_for_timeout(1000)                             # what is said is said after a rest, and answers are on their way
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return {"heap": found["JSHeapUsedSize"], "nodes": found["Nodes"], "listeners": found["JSEventListeners"]}


def growth(page, widgets, times):
    """By how much `held` grows over so many actions on widgets that take turns, after as many that fill what is filled once.

    JupyterLab alone, with eight sliders of HTML, grows by 1.2 MB in its first 600 actions and by 0.1 MB in the next 600.
    """
    act(page, widgets, max(12 + 4 * len(widgets), times))
    before = held(page)
    act(page, widgets, times)
    after = held(page)
    return {name: after[name] - before[name] for name in before}
