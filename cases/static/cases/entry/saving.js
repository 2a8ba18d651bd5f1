/* Saving: once, with a session and a connection, or not at all and with everything still on the page. */

import * as keep from "./keep.js";
import { form, say, text } from "./page.js";

const PLACE = "case-place";
const buttons = document.querySelectorAll('[form="case_form"][type="submit"]');
let isSaving = false;

export const isLeaving = () => isSaving;

function hold(isHeld) {
    isSaving = isHeld;
    for (const button of buttons) button.disabled = isHeld;
}

function remember() {
    const place = { top: scrollY, id: document.activeElement?.id ?? "", at: Date.now() };
    sessionStorage.setItem(PLACE, JSON.stringify(place));
}

/** After saving one is where one was. */
export function comeBack() {
    const place = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    sessionStorage.removeItem(PLACE);
    if (!place || Date.now() - place.at > 60000 || document.getElementById("problems")) return;
    scrollTo({ top: place.top });
    document.getElementById(place.id)?.focus({ preventScroll: true });
}

/** First see that the server listens: a page that is sent without a session would be lost. */
export async function save() {
    if (isSaving) return;
    hold(true);
    say(text("saving"));
    const how = await keep.flush();
    if (["signed out", "away", "not allowed"].includes(how)) {
        hold(false);
        say(how === "away" ? text("notSaved") : "");
        return;
    }
    keep.refreshToken();
    remember();
    HTMLFormElement.prototype.submit.call(form);
}

export function back() {
    hold(false);
}
