/* Fields are listed when a list is opened, progress is looked up by itself. Without it the pages still work. */
"use strict";

function fill(select) {
    const fields = document.getElementById(select.dataset.fields);
    if (!fields || select.dataset.filled) return;
    select.dataset.filled = "yes";
    const chosen = select.value;
    const groups = fields.content.cloneNode(true);
    const own = [...groups.querySelectorAll("option")].find((option) => option.value === chosen);
    if (own) select.querySelector("option:checked").remove();
    select.append(groups);
    select.value = chosen;
}

function offerNumber(select) {
    const number = select.closest(".import-pick").querySelector("[data-number]");
    const option = select.selectedOptions[0];
    number.hidden = !(option && (option.hasAttribute("data-repeats") || /\.[NM]\./.test(option.value)));
}

function wait(section) {
    const bar = section.querySelector("progress");
    const said = section.querySelector("[data-said]");
    const unattended = section.querySelector("[data-unattended]");
    const look = async () => {
        let next = 1500;
        try {
            const answer = await fetch(section.dataset.progress, { headers: { Accept: "application/json" } });
            if (!answer.ok || answer.redirected) return window.location.reload();
            const told = await answer.json();
            if (told.is_over) return window.location.reload();
            if (said.textContent !== told.said) said.textContent = told.said;
            if (told.total) { bar.max = told.total; bar.value = told.done; }
            unattended.hidden = !told.is_unattended;
        } catch { next = 5000; } // the line is gone for a while
        window.setTimeout(look, next);
    };
    window.setTimeout(look, 1000);
}

for (const select of document.querySelectorAll("select[data-fields]")) {
    offerNumber(select);
    for (const event of ["pointerdown", "focus"]) select.addEventListener(event, () => fill(select));
    select.addEventListener("change", () => offerNumber(select));
}
for (const form of document.querySelectorAll("form[data-busy]")) {
    form.addEventListener("submit", (event) => {
        if (form.dataset.sent) return event.preventDefault(); // a double click
        form.dataset.sent = "yes";
        const said = document.querySelector("[data-said]");
        if (said) said.textContent = form.dataset.busy;
    });
}
window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
const section = document.querySelector("[data-progress]");
if (section) wait(section);
document.querySelector("[data-focus]")?.focus();
