// A form with `data-passkey` is sent with what a passkey of the person answers to the question that stands in it.
"use strict";
(() => {
    const ASKS = {
        create: (asked) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) }),
        get: (asked) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) }),
    };
    const isKnown = Boolean(globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON);

    function tell(form, what) {
        const place = form.querySelector("[role=alert]");
        place.textContent = place.dataset[what];
        place.hidden = false;
    }

    document.querySelectorAll("form[data-passkey]").forEach((form) => {
        if (!isKnown) {
            form.querySelector("button").hidden = true;
            tell(form, "unknown");
            return;
        }
        form.addEventListener("submit", async (event) => {
            const field = form.elements.credential;
            if (field.value) return;
            event.preventDefault();
            try {
                const made = await ASKS[form.dataset.passkey](JSON.parse(form.dataset.asked));
                field.value = JSON.stringify(made.toJSON());
            } catch (error) {
                return tell(form, error.name === "InvalidStateError" ? "there" : "stopped");
            }
            form.requestSubmit();
        });
        form.querySelector("button").disabled = false;
    });
})();
