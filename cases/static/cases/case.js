/* Rows are added and removed, and questions that do not apply step back. Without it the page still reads and saves. */
"use strict";

function renumber(rows) {
    const present = rows.querySelectorAll(":scope > [data-row]");
    present.forEach((row, place) => { row.querySelector(":scope > legend [data-number]").textContent = place + 1; });
    const count = rows.closest("details").querySelector(":scope > summary [data-count]");
    if (count) count.textContent = present.length;
}

function add(button) {
    const block = button.closest("details");
    const rows = block.querySelector(":scope > [data-block]");
    const template = block.querySelector(":scope > template");
    const used = [...rows.querySelectorAll(":scope > [data-row] > input[type=hidden]")].map((input) => Number(input.value));
    const next = Math.max(-1, ...used) + 1;
    rows.insertAdjacentHTML("beforeend", template.innerHTML.replaceAll(rows.dataset.placeholder, next));
    renumber(rows);
    refresh(rows.lastElementChild);
    rows.lastElementChild.querySelector("select, input:not([type=hidden])")?.focus();
}

function remove(button) {
    const row = button.closest("[data-row]");
    const rows = row.parentElement;
    if (!window.confirm(`Remove ${row.querySelector(":scope > legend").textContent.trim()}? It goes when you save.`)) return;
    row.remove();
    renumber(rows);
}

function isAnswered(answer) {
    return [...answer.querySelectorAll("input, select")].some((input) => (input.type === "checkbox" ? input.checked : input.value));
}

function refresh(root) {
    for (const answer of root.querySelectorAll("[data-only-if]")) {
        const [name, ...codes] = answer.dataset.onlyIf.split(" ");
        const decides = document.getElementsByName(name)[0];
        const isWrong = answer.classList.contains("case-wrong");
        answer.hidden = !isWrong && decides && !codes.includes(decides.value) && !isAnswered(answer);
    }
}

document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.hasAttribute("data-add")) add(button);
    if (button?.hasAttribute("data-remove")) remove(button);
});
document.addEventListener("change", (event) => {
    if (event.target.closest("#case_form")) refresh(event.target.closest(".case-grid") ?? document);
});
refresh(document);
document.getElementById("problems")?.focus();
/* Beside the button as well: whoever saved in the middle of the page stays there and sees that it was saved. */
document.querySelector("[data-said]")?.append(document.getElementById("said").innerText.trim().split("\n")[0]);
