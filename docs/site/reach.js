// What scrolls sideways must be reachable by keyboard, and nothing else should be a stop of Tab: what scrolls is found by its measure.

const scrolled = (part) => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;

function reach() {
  for (const part of document.querySelectorAll(".wide, .output_area, pre, math[display=block], p:has(> math), li:has(> math), .pages ul")) {
    const scrolls = scrolled(part) && /auto|scroll/.test(getComputedStyle(part).overflow) && !part.querySelector("a, button, input, [tabindex='0']");
    if (scrolls) part.tabIndex = 0;
    else if (part.tabIndex === 0) part.removeAttribute("tabindex");
  }
}

new ResizeObserver(reach).observe(document.body);
