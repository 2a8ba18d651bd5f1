/* The history of one answer opens where it was asked for. Without this the link leads to the same history as a page. */
"use strict";

async function openHistory(link) {
    const address = new URL(link.href);
    address.searchParams.set("part", "1");
    const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    const dialog = document.createElement("dialog");
    dialog.className = "history-dialog";
    dialog.setAttribute("aria-label", link.getAttribute("aria-label"));
    dialog.innerHTML = await answer.text();
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
}

document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-history]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openHistory(link).catch(() => window.open(link.href, "_blank"));
});
