// A form is sent once, though its button is pressed twice; and with the token of now, though its page is older: whoever
// signs in again in another tab gets a new one, and the old page would be refused.
"use strict";
(() => {
    const AGAIN_AFTER_MS = 3000; // a form that went nowhere can be sent again
    const sent = new WeakMap();

    function token() {
        const found = document.cookie.match(/(?:^|; )(?:__Host-csrf|csrf)=([^;]+)/);
        return found ? found[1] : null;
    }

    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (event.defaultPrevented || form.method !== "post") return;
        if (Date.now() - (sent.get(form) ?? 0) < AGAIN_AFTER_MS) return event.preventDefault();
        sent.set(form, Date.now());
        const field = form.elements.csrfmiddlewaretoken;
        if (field && token()) field.value = token();
    });
    window.addEventListener("pageshow", (event) => {
        if (event.persisted) document.querySelectorAll("form").forEach((form) => sent.delete(form));
    });
})();
