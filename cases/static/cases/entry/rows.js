/* Rows are added in place; one that is to go is marked, and clearing the mark keeps it. */

import { firstControl, say, text } from "./page.js";

const OPERATION = "__operations__";

function next(rows) {
    const used = [...rows.querySelectorAll(":scope > [data-row] > fieldset > input[type=hidden]")];
    return Math.max(-1, ...used.map((input) => Number(input.value))) + 1;
}

function name(row) {
    return row.querySelector(":scope > fieldset > legend").textContent.trim();
}

/** The number of the operation that a list lies in. */
function around(prefix) {
    return prefix.match(/^operations-(\d+)-/)?.[1] ?? OPERATION;
}

export function add(button) {
    const [prefix, field, value] = button.value.split(" ");
    const rows = document.querySelector(`[data-block="${prefix}"]`);
    const blank = document.querySelector(`template[data-of="${rows.dataset.form}"]`);
    const number = next(rows);
    const html = rows.dataset.form === "operations" ? blank.innerHTML : blank.innerHTML.replaceAll(OPERATION, around(prefix));
    rows.insertAdjacentHTML("beforeend", html.replaceAll(`__${rows.dataset.form}__`, number));
    const row = rows.lastElementChild;
    for (const said of row.querySelectorAll(":scope > summary [data-number], :scope > fieldset > legend [data-number], :scope > fieldset > .case-part > h4 [data-number]")) {
        said.textContent = rows.children.length;
    }
    row.open = true;
    if (field) {
        const control = row.querySelector(`[name="${prefix}-${number}-${field}"]`);
        control.value = value;
        control.closest(".case-answer").nextElementSibling.querySelector("select, input")?.focus();
    } else {
        firstControl(row.querySelector(".case-grid"))?.focus();
    }
    say(text("added", { row: name(row) }), { brief: true });
    return row;
}

export function mark(box) {
    const row = box.closest("[data-row]");
    row.classList.toggle("is-removed", box.checked);
    say(text(box.checked ? "removed" : "restored", { row: name(row) }), { brief: true });
}

/** A row that is folded says its first answers. */
export function sum(row) {
    const questions = [...row.querySelectorAll(":scope > fieldset > .case-grid > .case-answer")];
    const said = questions.map((question) => {
        const select = question.querySelector(".case-input select:not(.case-why)");
        if (select) return select.value && select.selectedOptions[0].text;
        return question.querySelector(".case-input [data-date]")?.value;
    });
    row.querySelector(":scope > summary [data-says]").textContent = said.filter(Boolean).slice(0, 3).join(" · ");
}
