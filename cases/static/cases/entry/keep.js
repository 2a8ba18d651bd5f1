/* What is typed is kept on the server soon after; what goes wrong with that is said plainly and tried again. */

import * as live from "./live.js";
import { form, text } from "./page.js";

const PAUSE = 1500; // after the last key
const LONGEST = 3500; // while somebody types on
const AGAIN = 5000; // after a failure
const PATIENCE = 15000; // for an answer

const said = document.querySelector("[data-keeping]");
let typed = 0; // counts up with each change
let kept = 0; // the count that the server has
let first = 0; // when the oldest change was made that it does not have
let timer = 0;
let running = null;
let trouble = false;

export const isKept = () => typed === kept;
export const isInTrouble = () => trouble && !isKept();

/** The session's token changes when one signs in again; the cookie has the present one. */
export function refreshToken() {
    const cookie = document.cookie.split("; ").find((one) => one.startsWith(`${form.dataset.csrf}=`));
    if (cookie) form.elements.csrfmiddlewaretoken.value = cookie.split("=")[1];
}

function body() {
    refreshToken();
    form.elements.turn.value = String(Number(form.elements.turn.value) + 1);
    const given = [...new FormData(form)].filter(([, value]) => value !== "");
    return new URLSearchParams(given);
}

function show(message, { link = false } = {}) {
    said.replaceChildren(message);
    if (!link) return;
    const away = Object.assign(document.createElement("a"), { href: form.dataset.signIn, target: "_blank", textContent: text("signIn") });
    said.append(" ", away, `, ${text("signInThen")}`);
}

function name(token) {
    const address = new URL(location.href);
    if (address.searchParams.get("entry") === token) return;
    address.searchParams.set("entry", token);
    history.replaceState(history.state, "", address);
}

async function answered(response, count) {
    if (response.type === "opaqueredirect") {
        show(text("signedOut"), { link: true });
        return "signed out";
    }
    const answer = await response.json().catch(() => ({}));
    if (response.status === 403) {
        show(answer.told ? `${text("notAllowed")} ${answer.told}` : text("signedOut"), { link: !answer.told });
        return answer.told ? "not allowed" : "signed out";
    }
    if (response.status === 422) {
        show(answer.told);
        return "refused";
    }
    if (!response.ok) {
        show(text("notKept"));
        return "away";
    }
    kept = Math.max(kept, count);
    name(form.elements.entry.value);
    const time = new Date(answer.kept_at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    show(text("kept", { time }));
    if (isKept()) live.show(answer);
    return "kept";
}

async function send(count) {
    try {
        const options = { method: "POST", body: body(), redirect: "manual", signal: AbortSignal.timeout(PATIENCE) };
        return await answered(await fetch(form.dataset.entry, options), count);
    } catch {
        show(text("notKept"));
        return "away";
    }
}

/** Send what stands on the page, one after the other; tells how it went. */
export async function flush() {
    clearTimeout(timer);
    while (running) await running;
    running = send(typed);
    const how = await running;
    running = null;
    trouble = how !== "kept";
    if (!isKept()) wait(how === "kept" ? PAUSE : AGAIN);
    return how;
}

function wait(pause) {
    clearTimeout(timer);
    timer = setTimeout(flush, pause);
}

export function changed() {
    if (isKept()) first = Date.now();
    typed += 1;
    wait(Math.max(0, Math.min(PAUSE, first + LONGEST - Date.now())));
}

/** The page may be left: send at once, in a way that outlives it. */
export function leave() {
    if (isKept()) return;
    const count = typed;
    fetch(form.dataset.entry, { method: "POST", body: body(), redirect: "manual", keepalive: true })
        .then((response) => answered(response, count))
        .catch(() => {});
}

/** Something may have got better: signed in again, connected again. */
export function retry() {
    if (!isKept() && !running) flush();
}
