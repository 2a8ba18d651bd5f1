/* What the chosen code means, under the control; and what all of them mean, where it is asked. */

import { controls, hasValue } from "./page.js";

const glossary = (question) => document.querySelector(question.querySelector("[data-what]")?.hash || null);

function label(control) {
    return control.closest("label").textContent.trim();
}

export function show(question) {
    const place = question.querySelector(".case-meaning");
    if (!place) return;
    const found = controls(question).filter(hasValue).map((control) => {
        const definition = glossary(question)?.querySelector(`[data-code="${CSS.escape(control.value)}"]`)?.textContent;
        const isOfSet = control.type === "checkbox";
        return definition && Object.assign(document.createElement("span"), { textContent: isOfSet ? `${label(control)}: ${definition}` : definition });
    });
    place.replaceChildren(...found.filter(Boolean));
}

/** The link to the glossary unfolds it in place instead. */
export function furnish(root) {
    for (const link of root.querySelectorAll("[data-what]")) {
        link.setAttribute("role", "button");
        link.setAttribute("aria-expanded", "false");
        link.tabIndex = -1;
    }
}

export function toggle(link) {
    const question = link.closest(".case-answer");
    const open = question.querySelector("dl");
    link.setAttribute("aria-expanded", String(!open));
    if (open) open.remove();
    else question.append(glossary(question).querySelector("dl").cloneNode(true));
}
