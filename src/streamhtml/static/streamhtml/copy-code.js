/**
 * copy-code: a button on each block of code, which copies it. Loading this file is all.
 *
 *   <script src="…/copy-code.js" data-label="Copy" data-done="Copied" data-in=".streamhtml" defer></script>
 *
 * A button comes when its answer is complete: before, it would stand where the answer goes on.
 */
(() => {
  "use strict";

  const { label = "Copy", done = "Copied", in: places = ".streamhtml" } = /** @type {HTMLElement} */ (document.currentScript).dataset;
  const SHOWN = 2000; // ms

  // Its words are no text of the answer, so that nobody copies them with it.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":where(.streamhtml-copy)::before{content:attr(aria-label)}");
  document.adoptedStyleSheets.push(sheet);

  function add() {
    for (const code of document.querySelectorAll(`:is(${places}) pre > code:only-child`)) {
      if (code.closest("[aria-busy=true]")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "streamhtml-copy";
      button.ariaLabel = label;
      code.before(button);
    }
  }

  document.addEventListener("click", async ({ target }) => {
    const button = /** @type {Element} */ (target).closest(".streamhtml-copy");
    const code = button?.nextElementSibling;
    if (!button || !code) return;
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.ariaLabel = done;
    for (const status of document.querySelectorAll("[data-stream-status]")) status.textContent = done;
    setTimeout(() => (button.ariaLabel = label), SHOWN);
  });

  // Without HTTPS, and not on this machine, there is no clipboard.
  if (!navigator.clipboard) return;
  document.addEventListener("stream:end", add);
  add();
})();
