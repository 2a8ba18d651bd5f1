/* The page of a case, made quicker: without this it still reads, adds rows and saves. */

import * as applies from "./applies.js";
import * as dates from "./dates.js";
import * as keep from "./keep.js";
import * as meanings from "./meanings.js";
import * as moving from "./moving.js";
import { form, say } from "./page.js";
import * as reasons from "./reasons.js";
import * as rows from "./rows.js";
import * as saving from "./saving.js";

function furnish(root) {
    dates.furnish(root);
    meanings.furnish(root);
    for (const question of root.querySelectorAll(".case-answer")) reasons.show(question);
}

/** Everything that follows from an answer. */
function changed(control) {
    if (!control.name) return;
    reasons.changed(control);
    const question = control.closest(".case-answer");
    if (question) meanings.show(question);
    if (control.matches("[data-remove]")) rows.mark(control);
    if (control.matches("[data-date]")) dates.hint(control);
    applies.refresh();
    keep.changed();
}

function clicked(event) {
    const adds = event.target.closest("[data-add]");
    const asks = event.target.closest("[data-what]");
    const goes = event.target.closest(".case-nav a, .case-box a[href^='#'], .case-list a, .case-go");
    if (adds) {
        furnish(rows.add(adds));
        applies.refresh();
        keep.changed();
    } else if (asks) meanings.toggle(asks);
    else if (!goes || !moving.go(goes.hash.slice(1))) return;
    event.preventDefault();
}

function pressed(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s" && !event.altKey) {
        event.preventDefault();
        saving.save();
    } else if (moving.key(event)) return;
    else if (event.target.matches("[data-date]")) dates.key(event);
    else if (event.target.matches("[type=radio]")) choose(event);
    else if (event.key === "?") ask(event);
    if (event.key === "Enter" && event.target.matches("#case_form input:not([type=hidden])")) moving.enter(event);
}

/** Y and N answer a question of yes or no. */
function choose(event) {
    const value = { y: "true", n: "false", Backspace: "", Delete: "" }[event.key];
    if (value === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const radio = [...document.getElementsByName(event.target.name)].find((one) => one.value === value);
    radio.checked = true;
    radio.focus();
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    event.preventDefault();
}

function ask(event) {
    const link = event.target.closest(".case-answer")?.querySelector("[data-what]");
    if (!link || event.target.matches("input[type=text]")) return;
    meanings.toggle(link);
    event.preventDefault();
}

document.documentElement.classList.add("case-scripts");
furnish(document);
applies.refresh();
form.addEventListener("input", (event) => changed(event.target));
form.addEventListener("change", (event) => changed(event.target));
form.addEventListener("focusin", (event) => {
    moving.entered(event.target);
    if (event.target.matches("[data-date]")) dates.hint(event.target);
});
form.addEventListener("focusout", (event) => event.target.matches("[data-date]") && dates.left(event.target));
form.addEventListener("toggle", (event) => event.target.matches("[data-row]") && !event.target.open && rows.sum(event.target), true);
form.addEventListener("submit", (event) => {
    event.preventDefault();
    saving.save();
});
document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("scroll", moving.here, { passive: true });
document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? keep.leave() : keep.retry()));
addEventListener("pagehide", () => saving.isLeaving() || keep.leave());
addEventListener("pageshow", saving.back);
addEventListener("online", keep.retry);
addEventListener("focus", keep.retry);
addEventListener("beforeunload", (event) => {
    if (keep.isInTrouble() && !saving.isLeaving()) event.preventDefault();
});
for (const time of document.querySelectorAll("[data-time]")) {
    time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
}
saving.comeBack();
document.getElementById("problems")?.focus();
moving.here();
/* Beside the button as well: whoever saved in the middle of the page stays there and sees that it was saved. */
const told = document.getElementById("said").innerText.trim().split("\n")[0];
if (told) say(told);
