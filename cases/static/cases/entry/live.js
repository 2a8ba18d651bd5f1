/* What the server says of the answers as they stand: how far each part is, what is impossible, what is unusual. */

const standing = document.querySelector("[data-missing]");

function parts(sections = {}) {
    for (const [anchor, section] of Object.entries(sections)) {
        const link = document.querySelector(`.case-nav [data-part="${anchor}"]`);
        const state = link.querySelector(".case-nav-state");
        link.hash = section.target;
        state.textContent = section.state;
        state.className = `case-nav-state case-is-${section.kind}`;
    }
}

function forms(states = {}) {
    for (const [prefix, state] of Object.entries(states)) {
        const place = document.querySelector(`[data-state="${CSS.escape(prefix)}"]`);
        if (place) place.textContent = state;
    }
}

/** What is missing, in words; open if it was. The server has escaped it. */
function missing(html) {
    const wasOpen = standing.querySelector("details")?.open;
    standing.innerHTML = html;
    const details = standing.querySelector("details");
    if (details && wasOpen) details.open = true;
}

function unsay() {
    for (const old of document.querySelectorAll(".case-live")) {
        const question = old.closest(".case-answer");
        old.remove();
        if (question?.querySelector(".case-error")) continue;
        for (const control of question?.querySelectorAll("[aria-invalid]") ?? []) control.removeAttribute("aria-invalid");
    }
}

function tell({ anchor, kind, message }) {
    const question = document.getElementById(anchor);
    if (!question?.matches(".case-answer") || question.contains(document.activeElement) || question.textContent.includes(message)) return;
    const said = Object.assign(document.createElement("p"), { className: `case-live case-${kind}`, textContent: message });
    said.id = `live-${anchor}-${question.querySelectorAll(".case-live").length}`;
    question.append(said);
    const control = question.querySelector(".case-input [id]");
    if (kind === "error") control?.setAttribute("aria-invalid", "true");
    if (control) control.setAttribute("aria-describedby", `${said.id} ${control.getAttribute("aria-describedby") ?? ""}`.trim());
}

export function show(answer) {
    parts(answer.sections);
    forms(answer.forms);
    if (answer.missing) missing(answer.missing);
    unsay();
    (answer.told ?? []).forEach(tell);
}
