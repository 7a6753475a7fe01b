/**
 * copy-code: puts a button on each block of code, which copies it. It only needs to be loaded:
 *
 *   <script src="…/copy-code.js" data-label="Copy" data-done="Copied" data-in=".streamhtml" defer>
 *   </script>
 *
 * A block gets its button when its answer is complete. Before that, the next part of the answer
 * would be inserted at the wrong place.
 */
(() => {
  "use strict";

  const script = /** @type {HTMLElement} */ (document.currentScript);
  const { label = "Copy", done = "Copied", in: places = ".streamhtml" } = script.dataset;
  const DONE_SHOWN_FOR = 2000; // ms

  // CSS shows the label, so that a reader who selects the answer does not copy the label too.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":where(.streamhtml-copy)::before{content:attr(aria-label)}");
  document.adoptedStyleSheets.push(sheet);

  function addButtons() {
    for (const code of document.querySelectorAll(`:is(${places}) pre > code:only-child`)) {
      if (code.closest("[aria-busy=true]")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "streamhtml-copy";
      button.ariaLabel = label;
      code.before(button);
    }
  }

  document.addEventListener("click", async (event) => {
    const button = /** @type {Element} */ (event.target).closest(".streamhtml-copy");
    const code = button?.nextElementSibling;
    if (!button || !code) return;
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.ariaLabel = done;
    for (const status of document.querySelectorAll("[data-stream-status]")) {
      status.textContent = done;
    }
    setTimeout(() => (button.ariaLabel = label), DONE_SHOWN_FOR);
  });

  // Browsers allow access to the clipboard only with HTTPS and on localhost.
  if (!navigator.clipboard) return;
  document.addEventListener("stream:end", addButtons);
  addButtons();
})();
