/* The drawn vein beside the checkboxes of segments: a click or a stroke in the drawing sets the checkboxes, which stay
   the only state; segments.css shows it. Rows that are added later are found by themselves. */
"use strict";

(() => {
    let stroke = null; // a range being drawn: where it began, what it sets, and what was there before
    let isTouch = false;

    const boxes = (root) => [...root.querySelectorAll("input[type=checkbox]")];
    const boxOf = (root, segment) => root.querySelector(`input[value="${segment}"]`);
    const rootOf = (node) => node?.closest?.("[data-segments]");

    function set(box, value) {
        if (box && !box.disabled && box.checked !== value) box.click();
    }

    function setRange(root, from, to, value, before) {
        const all = boxes(root);
        const [a, b] = [all.indexOf(from), all.indexOf(to)].sort((x, y) => x - y);
        all.forEach((box, place) => set(box, place >= a && place <= b ? value : before ? before.get(box) : box.checked));
    }

    function tell(root, box) {
        const row = box?.closest(".segments-row");
        const told = root.querySelector("[data-told]");
        told.textContent = row
            ? `${row.querySelector("label").textContent.trim()}: ${row.querySelector(".segments-extent").textContent}`
            : root.dataset.hint;
        root.querySelectorAll(".is-pointed").forEach((one) => one.classList.remove("is-pointed"));
        if (!row) return;
        row.classList.add("is-pointed");
        root.querySelector(`[data-segment="${box.value}"]`)?.classList.add("is-pointed");
    }

    function show(root) {
        root.classList.add("segments-on");
        root.querySelectorAll("[hidden]").forEach((part) => { part.hidden = part.hasAttribute("data-same") && boxes(root)[0].disabled; });
        root.querySelectorAll("[data-at]").forEach((row) => { row.style.top = `${row.dataset.at}%`; });
        tell(root, null);
    }

    function showAll(node) {
        if (node.matches?.("[data-segments]")) show(node);
        node.querySelectorAll?.("[data-segments]").forEach(show);
    }

    /* --- the pointer ----------------------------------------------------------------------------------------- */

    function pressed(shape, isRange) {
        const root = rootOf(shape);
        const box = boxOf(root, shape.dataset.segment);
        if (box.disabled) return;
        const value = !box.checked;
        if (isRange && root.lastBox) {
            setRange(root, root.lastBox, box, root.lastBox.checked);
        } else {
            stroke = { root, from: box, value, before: new Map(boxes(root).map((one) => [one, one.checked])) };
            set(box, value);
        }
        root.lastBox = box;
        box.focus({ preventScroll: true });
    }

    document.addEventListener("pointerdown", (event) => {
        isTouch = event.pointerType === "touch";
        const shape = event.target.closest?.(".cava-segment");
        if (!shape || isTouch || event.button !== 0) return;
        event.preventDefault();
        pressed(shape, event.shiftKey);
    });
    document.addEventListener("pointermove", (event) => {
        if (!stroke) return;
        const shape = document.elementFromPoint(event.clientX, event.clientY)?.closest(".cava-segment");
        if (!shape || rootOf(shape) !== stroke.root) return;
        const to = boxOf(stroke.root, shape.dataset.segment);
        setRange(stroke.root, stroke.from, to, stroke.value, stroke.before);
    });
    for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { stroke = null; });
    document.addEventListener("mouseover", (event) => {
        const root = rootOf(event.target);
        if (!root?.classList.contains("segments-on")) return;
        const shape = event.target.closest(".cava-segment");
        const box = shape ? boxOf(root, shape.dataset.segment) : event.target.closest(".segments-row")?.querySelector("input");
        tell(root, box ?? root.querySelector("input:focus"));
    });
    document.addEventListener("mouseout", (event) => {
        const root = rootOf(event.target);
        if (root?.classList.contains("segments-on") && rootOf(event.relatedTarget) !== root) tell(root, root.querySelector("input:focus"));
    });

    /* --- clicks and the keyboard ----------------------------------------------------------------------------- */

    document.addEventListener("click", (event) => {
        const shape = event.target.closest?.(".cava-segment");
        if (shape && isTouch) { pressed(shape, false); stroke = null; }
        const same = event.target.closest?.("[data-same]");
        if (same) {
            const other = new Set([...document.getElementsByName(same.dataset.same)].filter((box) => box.checked).map((box) => box.value));
            boxes(rootOf(same)).forEach((box) => set(box, other.has(box.value)));
        }
        const root = event.target.matches?.("input[type=checkbox]") && event.isTrusted && rootOf(event.target);
        if (!root) return;
        if (event.shiftKey && root.lastBox) setRange(root, root.lastBox, event.target, event.target.checked);
        root.lastBox = event.target;
    });
    document.addEventListener("keydown", (event) => {
        const root = event.target.matches?.("input[type=checkbox]") && rootOf(event.target);
        const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!root || !step) return;
        event.preventDefault();
        const next = boxes(root)[boxes(root).indexOf(event.target) + step];
        if (event.shiftKey) set(next, event.target.checked);
        next?.focus();
    });
    document.addEventListener("focusin", (event) => {
        const root = rootOf(event.target);
        if (root?.classList.contains("segments-on") && event.target.matches("input")) tell(root, event.target);
    });
    document.addEventListener("focusout", (event) => {
        const root = rootOf(event.target);
        if (root?.classList.contains("segments-on") && rootOf(event.relatedTarget) !== root) tell(root, null);
    });

    showAll(document);
    new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(showAll)))
        .observe(document.body, { childList: true, subtree: true });
})();
