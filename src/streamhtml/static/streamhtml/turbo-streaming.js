/**
 * turbo-streaming: lets Turbo show a streamed reply while it arrives.
 *
 * Turbo reads a response of <turbo-stream> elements to its end before it applies one. Load this
 * after Turbo: what has arrived is then applied with the next frame, by Turbo. The wire it reads is
 * specified in docs/reference/html-format.md, its attributes and events in docs/reference/client.md.
 *
 * The law: a fragment is applied whole or not at all.
 */
(() => {
  const STREAM = /^text\/vnd\.turbo-stream\.html;.*fragments="?(\w+)/i;
  const LOST = "The connection was lost, and the answer ends here.";

  /**
   * @typedef {object} Stream
   * @property {Element} source what asked, a form; events are dispatched on it and bubble
   * @property {() => void} stop closes the connection
   * @property {() => void} look stops if the message has left the page
   * @property {(is: string | null) => void} busy
   */

  /** @type {Set<Stream>} */
  const streams = new Set();

  // The page's author trusts this server's HTML by loading this file; it is never a script's text.
  const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("turbo-streaming", {
    createHTML: (/** @type {string} */ html) => html,
  });

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":where(.streamhtml-text){white-space:pre-wrap}:where(.streamhtml-notice){display:block}",
  );
  document.adoptedStyleSheets.push(sheet);

  /** @param {Element} source @param {Response} response @param {string} token begins each mark */
  async function show(source, response, token) {
    const mark = new RegExp(`<!${token}(?: end (\\w+))?>`);
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    const decoder = new TextDecoder();
    let text = ""; // of a fragment that is not whole yet
    /** @type {string[]} fragments that are */
    let queue = [];
    let index = 0;
    let reason = "";
    let work = Promise.resolve();
    /** @type {string[]} ids of the live regions */
    let regions = [];
    // These; before there are some, what a visit replaces.
    let shown = [/** @type {Element} */ (document.body)];
    const stream = { source, stop, look, busy };

    streams.add(stream);
    source.querySelector(":scope > .streamhtml-notice")?.remove(); // of the last try
    tell("start");
    // A form's field may be called reset.
    if (source.matches("form[data-stream-reset]")) HTMLFormElement.prototype.reset.call(source);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        push(decoder.decode(value, { stream: true }));
      }
    } catch {} // The network. An answer without its end is incomplete, however that came.
    await work;
    streams.delete(stream);
    busy(null);
    if (!reason) notice();
    tell("end", { reason: reason || "incomplete" });

    /** @param {string} more */
    function push(more) {
      const parts = (text + more).split(mark); // fragment, outcome, fragment, outcome, … the rest
      text = /** @type {string} */ (parts.pop());
      while (parts.length) {
        const [html, outcome] = parts.splice(0, 2);
        if (html || outcome) queue.push(html); // or it was a ping
        reason ||= outcome ?? "";
      }
      work = work.then(write);
    }

    /**
     * Applies all that has arrived, and waits until Turbo has done so. It takes each element at the
     * next frame, or by a timer where the page is hidden: what came later must not come before.
     */
    async function write() {
      const fragments = queue.splice(0);
      if (!fragments.length) return;
      const template = document.createElement("template");
      const html = fragments.join("");
      template.innerHTML = policy?.createHTML(html) ?? html;
      const elements = /** @type {any[]} */ ([...template.content.children]);
      if (!index) regions = regionsIn(elements[0]?.firstElementChild?.content);
      const focused = document.activeElement;
      document.documentElement.append(template.content);
      await Promise.allSettled(elements.map((element) => element.render()));
      if (!focused?.isConnected && document.activeElement === document.body) {
        document.getElementById(focused?.id ?? "")?.focus();
      }
      if (regions.length) shown = regions.flatMap((id) => document.getElementById(id) ?? []);
      busy("true");
      look();
      for (const _ of fragments) tell("fragment", { index: index++ });
    }

    function stop() {
      reason ||= "aborted";
      reader.cancel().catch(() => {});
    }

    function look() {
      if (shown.some((element) => element.isConnected)) return;
      queue = []; // Another page may have elements with the same ids.
      stop();
    }

    /** @param {string | null} is */
    function busy(is) {
      if (regions.length) for (const region of shown) region.ariaBusy = is;
    }

    function notice() {
      const span = document.createElement("span");
      span.className = "streamhtml-notice";
      span.role = "alert";
      span.textContent = source.getAttribute("data-stream-lost") ?? LOST;
      const place = shown.find(({ id }) => id.endsWith("_text")) ?? shown[0];
      (index ? place : source).append(span);
    }

    /** @param {string} name @param {object} [detail] */
    function tell(name, detail) {
      // Its answer may have taken the place of the form.
      (source.isConnected ? source : document).dispatchEvent(
        new CustomEvent("stream:" + name, { bubbles: true, detail }),
      );
    }
  }

  /** @param {DocumentFragment | undefined} content the message itself */
  function regionsIn(content) {
    const live = content?.querySelectorAll(".streamhtml") ?? [];
    const found = live.length ? live : [content?.querySelector("[id]")];
    return [...found].flatMap((each) => each?.id || []);
  }

  // Turbo's own listener is the window's.
  document.addEventListener("turbo:before-fetch-response", (event) => {
    const { response } = /** @type {CustomEvent} */ (event).detail.fetchResponse;
    const token = STREAM.exec(response.headers.get("Content-Type"))?.[1];
    if (!token) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    show(/** @type {Element} */ (event.target), response, token);
  });

  // To Turbo the form is free again when the response has begun.
  document.addEventListener("submit", (event) => {
    for (const { source } of streams) if (source === event.target) event.preventDefault();
  }, true);

  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-stream-stop]");
    const selector = button?.getAttribute("data-stream-stop");
    const form = selector ? document.querySelector(selector) : button?.closest("form");
    for (const { source, stop } of streams) {
      if (source !== form) continue;
      event.preventDefault();
      stop();
    }
  });

  for (const name of ["render", "frame-render"]) {
    document.addEventListener("turbo:" + name, () => streams.forEach(({ look }) => look()));
  }
  // The page's copy, which Turbo shows when somebody comes back to it, is busy no more.
  document.addEventListener("turbo:before-cache", () => streams.forEach(({ busy }) => busy(null)));
})();
