/* What the scripts of the page of a case share: the form, what is said, and how a question is read. */

export const form = document.getElementById("case_form");
const texts = document.getElementById("case-texts").dataset;
const status = document.querySelector("[data-said]");

/** A sentence of the page, with what stands in its braces. */
export function text(name, values = {}) {
    return Object.entries(values).reduce((said, [key, value]) => said.replace(`{${key}}`, value), texts[name]);
}

let hush = 0;

/** Say something to everybody, also to those who listen; `brief` is of no use after a while. */
export function say(message, { brief = false } = {}) {
    clearTimeout(hush);
    status.textContent = message;
    if (brief) hush = setTimeout(say, 8000, "");
}

/** The controls of a question, without its reason and without the answer to a query. */
export function controls(question) {
    return [...question.querySelectorAll(".case-input input:not([type=date]), .case-input select:not(.case-why)")];
}

export function hasValue(control) {
    return ["checkbox", "radio"].includes(control.type) ? control.checked && control.value !== "" : control.value.trim() !== "";
}

export function isAnswered(question) {
    return controls(question).some(hasValue);
}

/** The first thing that one can write or choose in an element. */
export function firstControl(element) {
    const every = [...element.querySelectorAll("input:not([type=hidden], [type=date], [data-remove]), select, button, a")];
    const seen = every.filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
    const radio = seen[0]?.type === "radio" && seen.find((one) => one.name === seen[0].name && one.checked);
    return radio || seen.find((one) => one.matches("input, select")) || seen[0];
}
