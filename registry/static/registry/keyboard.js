// Unfold opens panels and menus by clicks on elements that no key reaches, and writes its icons as words
// ("chevron_right") that screen readers read out. Here such elements become buttons, and icons are silent.
"use strict";
(() => {
    const CLICKED = ["a:not([href])", "div", "span"].map((tag) => `${tag}[x-on\\:click]`).join();
    const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]";
    const ICON = ".material-symbols-outlined:not([aria-hidden])";

    const isButton = (node) => node.matches(CLICKED) && !node.querySelector(REACHED) && node.textContent.trim();

    function makeButton(node) {
        node.tabIndex = 0;
        node.setAttribute("role", "button");
        if (node.title) node.setAttribute("aria-label", node.title);
    }

    function mend(part) {
        part.querySelectorAll(CLICKED).forEach((node) => node.tabIndex < 0 && isButton(node) && makeButton(node));
        part.querySelectorAll(ICON).forEach((node) => node.matches(CLICKED) || node.setAttribute("aria-hidden", "true"));
    }

    document.addEventListener("keydown", (event) => {
        if ((event.key === "Enter" || event.key === " ") && event.target.matches?.(`[role="button"][x-on\\:click]`)) {
            event.preventDefault();
            event.target.click();
        }
    });
    document.addEventListener("DOMContentLoaded", () => {
        mend(document);
        new MutationObserver((changes) => {
            for (const change of changes) if (change.addedNodes.length) mend(change.target);
        }).observe(document.body, { childList: true, subtree: true });
    });
})();
