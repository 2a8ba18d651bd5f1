/* An answer and a reason why there is none exclude each other: giving one puts the other aside until it is taken back. */

import { controls, hasValue, isAnswered } from "./page.js";

const asideAnswers = new WeakMap();
const asideReasons = new WeakMap();
const isBox = (control) => ["checkbox", "radio"].includes(control.type);

function read(question) {
    return controls(question).map((control) => (isBox(control) ? control.checked : control.value));
}

function write(question, kept) {
    controls(question).forEach((control, place) => {
        const empty = isBox(control) ? control.type === "radio" && control.value === "" : "";
        const value = kept ? kept[place] : empty;
        if (isBox(control)) control.checked = value;
        else control.value = value;
    });
}

function reasonGiven(question, why) {
    if (why.value) {
        if (isAnswered(question)) asideAnswers.set(question, read(question));
        write(question, null);
    } else if (asideAnswers.has(question)) {
        write(question, asideAnswers.get(question));
        asideAnswers.delete(question);
    }
}

function answerGiven(question, why) {
    if (isAnswered(question)) {
        if (why.value) asideReasons.set(question, why.value);
        why.value = "";
    } else if (asideReasons.has(question)) {
        why.value = asideReasons.get(question);
        asideReasons.delete(question);
    }
}

/** Mark which questions have an answer or a reason: the styles show the reason's control where it is of use. */
export function show(question) {
    const why = question.querySelector(".case-why");
    question.classList.toggle("is-answered", controls(question).some(hasValue));
    question.classList.toggle("has-reason", Boolean(why?.value));
    // Tab passes by the reason where there is an answer.
    if (why) why.tabIndex = !why.value && controls(question).some(hasValue) ? -1 : 0;
}

export function changed(control) {
    const question = control.closest(".case-answer");
    const why = question?.querySelector(".case-why");
    if (!why || control.closest(".case-confirm")) return;
    if (control === why) reasonGiven(question, why);
    else answerGiven(question, why);
    show(question);
}
