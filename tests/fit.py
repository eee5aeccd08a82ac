"""Do the widgets of a page fit? Nothing stands out of them, is cut or scrolls sideways, and every target is large enough."""

SIZES = {"1366x768": (1366, 768), "1024x768": (1024, 768), "820x1180": (820, 1180), "1366x768 at 200 %": (683, 384)}     # CSS pixels
TARGET = 23.5                               # pixels, less than 24 by what a browser rounds
FAULTS = """target => [...document.querySelectorAll(".lenet-widget")].flatMap(widget => {
    const box = widget.getBoundingClientRect(), found = [];
    const say = (part, what) => found.push(`${widget.className}: ${part.outerHTML.slice(0, 150)} ${what}`);
    for (const part of [widget, ...widget.querySelectorAll("*")]) {
        const own = part.getBoundingClientRect(), style = getComputedStyle(part);
        if (!own.width || part.closest(".heard, svg *") || style.visibility === "hidden") continue;
        if (own.right > box.right + 1 || own.left < box.left - 1)
            say(part, `stands out: ${own.left} to ${own.right}, not ${box.left} to ${box.right}`);
        const holds = part === widget || style.overflowX !== "visible" || part.matches("button, select");
        if (holds && part.clientWidth && part.scrollWidth > part.clientWidth + 1)
            say(part, `is cut: ${part.scrollWidth} wide in ${part.clientWidth}`);
        if (part.matches("button, select, input, summary, [tabindex='0']") && Math.min(own.width, own.height) < target)
            say(part, `is a target of ${own.width} by ${own.height}`);
    }
    return found; })"""


def faults(page):
    """What does not fit in the widgets of a page, in words."""
    return page.evaluate(FAULTS, TARGET)
