/* Questions and forms that do not apply step back; what has an answer, an error or a query stays. */

import { controls, hasValue } from "./page.js";

function values(name) {
    return [...document.getElementsByName(name)].filter(hasValue).map((control) => control.value);
}

function isMet(element) {
    const [name, ...codes] = element.dataset.when.split(" ");
    return values(name).some((value) => !codes.length || codes.includes(value));
}

function holds(element) {
    if (element.matches(".case-wrong, :has(.case-wrong, .case-query)")) return true;
    const questions = element.matches(".case-answer") ? [element] : [...element.querySelectorAll(".case-answer")];
    const reasons = [...element.querySelectorAll(".case-why")];
    return reasons.some((why) => why.value) || questions.some((question) => controls(question).some(hasValue));
}

/** An offered row is not offered twice. */
function isThere(button) {
    const [prefix, field, value] = button.value.split(" ");
    const rows = document.querySelectorAll(`[data-block="${prefix}"] > [data-row]`);
    return [...rows].some((row) => !row.querySelector("[data-remove]")?.checked && row.querySelector(`[name$="-${field}"]`)?.value === value);
}

export function refresh() {
    for (const element of document.querySelectorAll("#case_form [data-when]")) {
        const applies = isMet(element);
        if (element.matches("[data-add]")) {
            element.hidden = !applies || isThere(element);
        } else {
            const stays = !applies && holds(element);
            element.hidden = !applies && !stays;
            element.classList.toggle("is-out", stays);
        }
    }
}
