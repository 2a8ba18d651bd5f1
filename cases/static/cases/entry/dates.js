/* Dates as people type them, how they were understood, today, and the browser's own calendar. */

import { text } from "./page.js";

const language = document.documentElement.lang || "en";
const YEAR_FIRST = /^(\d{4})([-./])(\d{1,2})(?:\2(\d{1,2}))?$/;
const DAY_FIRST = /^(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})$/;

/** As ISO 8601 what has one meaning; the server reads dates in the same way. */
function asIso(typed) {
    const year = typed.match(YEAR_FIRST);
    const day = typed.match(DAY_FIRST);
    const parts = year ? [year[1], year[3], year[4]] : day ? [day[3], day[2], day[1]] : null;
    return parts ? parts.filter(Boolean).map((part) => part.padStart(2, "0")).join("-") : typed;
}

function said(date, options) {
    return new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(date);
}

/** How a date is understood; nothing when it is none. */
function understood(iso) {
    const [, year, month, day] = iso.match(/^((?:19|20)\d\d)(?:-(\d\d))?(?:-(\d\d))?$/) ?? [];
    if (!year) return "";
    const date = new Date(Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1)));
    if (month && (date.getUTCMonth() + 1 !== Number(month) || (day && date.getUTCDate() !== Number(day)))) return "";
    if (day) return said(date, { dateStyle: "full" });
    if (month) return text("dateMonth", { date: said(date, { month: "long", year: "numeric" }) });
    return text("dateYear", { date: year });
}

export function hint(input) {
    const typed = input.value.trim();
    const place = input.closest(".case-answer").querySelector(".case-date-hint");
    if (!place) return; // a new row that is still to be furnished
    const meaning = typed && understood(asIso(typed));
    const isUsed = document.activeElement === input;
    place.textContent = typed ? meaning || (typed.length > 3 ? text("dateNone") : "") : isUsed ? text("dateHint") : "";
}

export function left(input) {
    const iso = asIso(input.value.trim());
    if (iso !== input.value) input.value = iso;
    hint(input);
}

function today() {
    const now = new Date();
    return [now.getFullYear(), String(now.getMonth() + 1).padStart(2, "0"), String(now.getDate()).padStart(2, "0")].join("-");
}

function put(input, value) {
    input.value = value;
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

function openCalendar(input) {
    const native = input.closest(".case-input").querySelector("input[type=date]");
    if (understood(input.value).length && input.value.length === 10) native.value = input.value;
    native.showPicker();
}

function button(icon, label, act) {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", tabIndex: -1, title: label, textContent: icon });
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
}

/** Put the tools beside each date; by keyboard they are T and Alt with arrow down, so that Tab goes on to the next answer. */
export function furnish(root) {
    for (const input of root.querySelectorAll("input[data-date]:not([disabled])")) {
        if (input.nextElementSibling?.matches(".case-date-tools")) continue;
        const tools = document.createElement("span");
        tools.className = "case-date-tools";
        const native = Object.assign(document.createElement("input"), { type: "date", tabIndex: -1 });
        native.setAttribute("aria-hidden", "true");
        native.addEventListener("change", () => native.value && put(input, native.value));
        tools.append(
            button(text("today"), text("today"), () => put(input, today())),
            button("▾", text("calendar"), () => openCalendar(input)),
            native,
        );
        const place = document.createElement("p");
        Object.assign(place, { className: "case-help case-date-hint", id: `date-${input.name}` });
        place.setAttribute("aria-live", "polite");
        input.after(tools);
        input.closest(".case-input").after(place);
        input.setAttribute("aria-describedby", [`date-${input.name}`, input.getAttribute("aria-describedby")].filter(Boolean).join(" "));
        hint(input);
    }
}

export function key(event) {
    const input = event.target;
    if (event.key.toLowerCase() === "t" && !event.ctrlKey && !event.metaKey && !event.altKey) put(input, today());
    else if (event.key === "ArrowDown" && event.altKey) openCalendar(input);
    else return;
    event.preventDefault();
    event.stopPropagation();
}
