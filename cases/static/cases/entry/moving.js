/* Moving by keyboard: between the parts of the case, to what is wrong or missing, from answer to answer. */

import { firstControl, form } from "./page.js";

const links = [...document.querySelectorAll(".case-nav a")];
let moved = 0; // when a script scrolled

/** What is asked for is shown, also when it is folded or does not apply. */
function unfold(element) {
    for (let around = element; around && around !== form; around = around.parentElement) {
        around.hidden = false;
        if (around.matches("details")) around.open = true;
    }
}

/** Go to a part, form or question: unfold what is around it, and begin at its first control. */
export function go(id) {
    const target = document.getElementById(id);
    if (!target) return false;
    unfold(target);
    moved = Date.now();
    target.scrollIntoView({ block: target.matches(".case-answer") ? "center" : "start" });
    const control = target.matches("input, select") ? target : firstControl(target);
    if (control) control.focus({ preventScroll: true });
    else {
        target.tabIndex = -1;
        target.focus({ preventScroll: true });
    }
    return true;
}

function linkOf(element) {
    const part = element.closest(".case-part, [data-section], #record");
    const name = part?.matches(".case-part") ? "reconstruction" : part?.id;
    return links.find((link) => link.dataset.part === name);
}

function near(step) {
    const now = linkOf(document.activeElement) ?? links.find((link) => link.getAttribute("aria-current"));
    const next = links[Math.min(Math.max(links.indexOf(now) + step, 0), links.length - 1)];
    go(next.hash.slice(1));
    mark(next);
}

/** The part one is in by the focus. */
export function entered(element) {
    const link = linkOf(element);
    if (link) mark(link);
}

function mark(link) {
    if (link.getAttribute("aria-current")) return;
    for (const other of links) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    const bar = link.closest("ol");
    if (bar.scrollWidth > bar.clientWidth) bar.scrollTo({ left: link.offsetLeft - 16 });
    if (bar.scrollHeight > bar.clientHeight) bar.scrollTo({ top: link.offsetTop - bar.clientHeight / 2 });
}

/** The part one is in by what is seen: the last one whose top has been reached. */
export function here() {
    if (Date.now() - moved < 500) return;
    const tops = links.map((link) => document.getElementById(link.hash.slice(1))?.getBoundingClientRect());
    const reached = links.filter((_, place) => tops[place]?.height && tops[place].top < innerHeight * 0.35);
    mark(reached.at(-1) ?? links[0]);
}

export function key(event) {
    const step = { ArrowUp: -1, PageUp: -1, ArrowDown: 1, PageDown: 1 }[event.key];
    if (!event.altKey || event.ctrlKey || !step) return false;
    if (event.key.startsWith("Arrow") && event.target.matches("select, [data-date]")) return false;
    event.preventDefault();
    near(step);
    return true;
}

/** Enter goes on to the next answer instead of sending the page. */
export function enter(event) {
    const fields = [...form.querySelectorAll("input:not([type=hidden], [type=date]), select, button[data-add], summary")];
    const seen = fields.filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
    event.preventDefault();
    seen[seen.indexOf(event.target) + 1]?.focus();
}
