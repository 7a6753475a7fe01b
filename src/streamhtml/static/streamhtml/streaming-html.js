/**
 * streaming-html: shows a streamed reply while it arrives.
 *
 *   bytes -> framer (fragments, wherever the network cut them)
 *         -> show   (the sink: one write to the page per 33 ms)
 *         -> change (one change to the page)
 *
 * It serves <form data-stream="#messages beforeend">, hx-ext="streaming-html" in htmx 2, and every
 * request in htmx 4, through htmx's own request. Load it after htmx. The wire it reads is specified
 * in docs/reference/html-format.md, its attributes and events in docs/reference/client.md.
 *
 * The law: a fragment is applied whole or not at all.
 */
(() => {
  const HEADER = "Streaming-HTML";
  const WRITE_EVERY = 33; // ms
  const LONG = 500; // fragments: from there on half as often, for layout costs more and more
  const WRITE_MOST = 8192; // characters of HTML at a time, or the page would stand still
  const WRITE_HIDDEN = 100; // ms to wait for a frame: where the page is not seen, none comes
  const OPERATIONS = /^(open|append|replace|tail|swap)$/;
  const LEAVES = ["HX-Redirect", "HX-Location", "HX-Refresh"]; // the page, whatever the body is
  const COMPLETE = "Reply complete.";
  const LOST = "The connection was lost, and the answer ends here.";
  const ERROR = "Something went wrong. Please try again.";

  /**
   * @typedef {{action: string, root: string, at: string, html: string}} Patch `at`: "", "2", "@3"
   * @typedef {{patches: Patch[], outcome: string, number?: number}} Fragment
   * @typedef {object} Asked a request that is answered by a stream
   * @property {Element} source the form; events are dispatched on it and bubble
   * @property {Element | string} target where the page asked for the message
   * @property {(html: string) => void | Promise<unknown>} insert puts the first fragment there
   * @property {() => void} abort closes the connection
   * @property {(name: string) => string | null} header of the response
   * @property {HeadersInit} [headers] of the request, which name the user where no field does
   *
   * @typedef {object} Shown
   * @property {(text: string) => void} push takes more of the body
   * @property {(reason: string) => Promise<string>} close the body has ended; why, where the server
   *   did not say it. Resolves to how the answer ended, which is known later if it was resumed.
   * @property {() => void} quit the page wants no more of it
   */

  // The page's author trusts this server's HTML by loading this file; it is never a script's text.
  const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("streaming-html", {
    createHTML: (/** @type {string} */ html) => html,
  });
  const trusted = (/** @type {string} */ html) => /** @type {string} */ (policy?.createHTML(html) ?? html);

  /** @param {string} html */
  function parse(html) {
    const template = document.createElement("template");
    template.innerHTML = trusted(html);
    return template;
  }

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":where(.streamhtml-text){white-space:pre-wrap}:where(.streamhtml-notice){display:block}",
  );
  document.adoptedStyleSheets.push(sheet);

  /** @type {((html: string) => void | Promise<void>) | undefined} */
  let swapByHtmx;

  /** Requests that stream, by the element that made them; the value ends one. @type {Map<Element, () => void>} */
  const streaming = new Map();

  /**
   * Cuts a body into fragments: the text may arrive in any pieces.
   * @param {string} token the response's own, which begins each of its marks
   * @returns {(more: string) => Iterable<Fragment>} takes more text, yields the fragments that it completes
   */
  function framer(token) {
    const mark = "<!" + token;
    let text = "";
    let seen = 0; // up to here there is no mark
    let action = "";
    let root = "";
    let at = "";
    /** @type {Patch[]} */
    let patches = [];

    /** @param {string} html @param {string} operation @returns {Fragment | undefined} */
    function patch(html, operation) {
      const more = operation[0] === "+";
      const words = operation.slice(+more).trim().split(" ");
      if (words[0] === "ping") return;
      const ended = words[0] === "end";
      if (!ended) {
        for (const word of words) {
          if (/^[@\d]/.test(word)) at = word;
          else if (word) {
            at = "";
            if (word[0] === "#") root = word.slice(1);
            else if (OPERATIONS.test(word)) action = word;
            else throw new Error("unknown: " + word);
          }
        }
        patches.push({ action, root: /open|swap/.test(action) ? "" : root, at, html });
      }
      if (more) return;
      const fragment = { patches, outcome: ended ? words[1] : "" };
      patches = [];
      return fragment;
    }

    return function* (more) {
      text += more;
      let start = 0;
      for (;;) {
        const found = text.indexOf(mark, Math.max(start, seen));
        const end = found < 0 ? -1 : text.indexOf(">", found);
        if (end < 0) {
          seen = found < 0 ? text.length - mark.length : found;
          break;
        }
        const fragment = patch(text.slice(start, found), text.slice(found + mark.length, end));
        if (fragment) yield fragment;
        start = seen = end + 1;
      }
      text = text.slice(start);
      seen -= start; // below 0 is 0 to indexOf
    };
  }

  /** Takes what one write shows. @param {Fragment[]} queue */
  function take(queue) {
    let count = 0;
    for (let size = 0; count < queue.length && size < WRITE_MOST; count++) {
      for (const { html } of queue[count].patches) size += html.length;
    }
    return queue.splice(0, count);
  }

  /** Leaves out what the next undoes, and joins what can be written at once. @param {Fragment[]} fragments */
  function merge(fragments) {
    /** @type {Patch[]} */
    const merged = [];
    for (const patch of fragments.flatMap((each) => each.patches)) {
      const { action, root, at, html } = patch;
      if (merged.at(-1)?.action === "tail" && merged.at(-1)?.root === root) merged.pop();
      const last = merged.at(-1);
      if (action === "append" && last?.action === action && last.root === root && last.at === at) last.html += html;
      else merged.push({ ...patch });
    }
    return merged;
  }

  /**
   * Shows one reply on the page: gathers fragments, writes them, tells what happens by events.
   * @param {Asked} asked
   * @returns {Shown | undefined} nothing, where the response is an ordinary one
   */
  function show({ source, target, insert, abort, header, headers }) {
    const begun = streamOf(header("Content-Type"));
    if (!begun || LEAVES.some(header)) return;
    const [stopURL, resumeURL] = ["Stop", "Resume"].map((name) => header(HEADER + "-" + name));
    let { frame, index } = begun;
    let outcome = "";
    let opened = false;
    let stopped = false;
    /** @type {Promise<string> | undefined} */
    let ended;
    let cut = (/** @type {string} */ reason) => {
      close(reason);
      abort();
    };
    let shown = index; // fragments, in the queue or on the page
    let written = 0;
    /** @type {number} */
    let timer = 0;
    let drawing = 0;
    /** @type {number} */
    let idle;
    let work = Promise.resolve();
    /** @type {Fragment[]} */
    const queue = [];
    /** @type {string[]} ids of the live regions */
    let regions = [];
    /** @type {Map<string, ChildNode[]>} what is shown provisionally, by root */
    const tails = new Map();

    streaming.set(source, stop);
    alive();
    say("");
    tell(source, "stream:start");
    // A form's field may be called reset.
    if (source.matches("form[data-stream-reset]")) HTMLFormElement.prototype.reset.call(source);

    function quit() {
      stopped = true;
      cut("aborted");
    }

    function stop() {
      quit();
      if (!stopURL) return;
      const form = source.closest("form"); // Its fields say who asks, in whatever framework.
      const body = form && new URLSearchParams(/** @type {any} */ (new FormData(form)));
      fetch(stopURL, { method: "POST", keepalive: true, headers, body }).catch(reportError);
    }

    /** Something has arrived. The server pings more often than once in 60 s. */
    function alive() {
      clearTimeout(idle);
      const seconds = outcome ? 1 : +(source.getAttribute("data-stream-idle") ?? 60);
      if (seconds) idle = setTimeout(cut, seconds * 1000, "timeout");
    }

    /** Writes with the next frame, but not too often. */
    function schedule() {
      timer ||= setTimeout(() => {
        drawing = requestAnimationFrame(write);
        timer = setTimeout(write, WRITE_HIDDEN);
      }, written + WRITE_EVERY * (shown > LONG ? 2 : 1) - Date.now());
    }

    function write() {
      clearTimeout(timer);
      cancelAnimationFrame(drawing);
      timer = 0;
      written = Date.now();
      const fragments = take(queue);
      if (queue.length) schedule();
      // What goes wrong here is the page's (a target that is gone); the end is told all the same.
      return (work = work.then(() => apply(fragments)).catch(reportError));
    }

    /** @param {Fragment[]} fragments */
    async function apply(fragments) {
      const stay = pin();
      for (const patch of merge(fragments)) {
        if (patch.root) change(patch);
        else if (patch.action === "swap") await swap(patch.html);
        else await insert(patch.html);
        if (!opened) open(patch);
        if (!patch.root) busy(true);
      }
      stay();
      for (const { number } of fragments) {
        tell(source, "stream:fragment", { index: number });
        tell(source, "chunk", { count: number });
      }
    }

    /** @param {Patch} first the message itself */
    function open({ html }) {
      opened = true;
      const { content } = parse(html);
      const found = content.querySelectorAll(".streamhtml");
      regions = (found.length ? [...found] : [content.querySelector("[id]:not([hx-swap-oob])")]).map((each) => each?.id ?? "");
      busy(true);
    }

    /** @param {boolean} is */
    function busy(is) {
      for (const id of regions) {
        const region = document.getElementById(id);
        if (!region) continue;
        region.ariaBusy = is ? "true" : null;
        if (!is) region.normalize();
      }
    }

    /** @param {Patch} patch */
    function change({ action, root, at, html }) {
      for (const node of tails.get(root) ?? []) node.remove();
      tails.delete(root);
      /** @type {Element | null | undefined} */
      let element = document.getElementById(root);
      if (at[0] === "@") element = element?.children[+at.slice(1)];
      else for (let depth = +at; depth > 0; depth--) element = element?.lastElementChild;
      if (!element) return; // the page has removed the message
      if (action === "replace") {
        element.insertAdjacentHTML("beforebegin", trusted(html));
        enliven(element.parentElement);
        return element.remove();
      }
      const last = element.lastChild;
      element.insertAdjacentHTML("beforeend", trusted(html));
      const nodes = [];
      for (let node = last ? last.nextSibling : element.firstChild; node; node = node.nextSibling) nodes.push(node);
      if (action === "tail") tails.set(root, nodes);
      else nodes.forEach(enliven);
    }

    async function flush() {
      do {
        await write();
        if (queue.length) await new Promise((done) => setTimeout(done)); // The page may draw.
      } while (queue.length);
    }

    /** The body has ended. @param {string} reason */
    async function end(reason) {
      clearTimeout(idle);
      await flush();
      if (/incomplete|timeout/.test(reason)) await resume();
      reason = outcome || (stopped ? "aborted" : reason);
      busy(false);
      if (/incomplete|timeout/.test(reason)) {
        const region = regions.find((id) => id.endsWith("_text")) ?? regions[0];
        notice(document.getElementById(region) ?? target, source, "lost", LOST);
      }
      if (streaming.get(source) === stop) streaming.delete(source);
      if (reason === "finished") say(COMPLETE);
      tell(source, "stream:end", { reason });
      return reason;
    }

    /** Asks for what was missed, if the server keeps it. */
    async function resume() {
      for (let attempt = 0; resumeURL && !outcome && !stopped && attempt < 6; attempt++) {
        // Not all at once, where a server has ended many.
        await new Promise((done) => {
          cut = done;
          setTimeout(done, 250 * 2 ** attempt * (1 + Math.random()));
        });
        if (stopped) return;
        const controller = new AbortController();
        const { signal } = controller;
        cut = () => controller.abort();
        alive();
        try {
          const response = await fetch(resumeURL, {
            headers: { ...headers, [HEADER]: "html", "Last-Event-ID": /** @type {any} */ (shown - 1) },
            signal,
          });
          const again = streamOf(response.headers.get("Content-Type"));
          if (!again && response.status < 500) return; // It has nothing more to say.
          ({ frame, index } = /** @type {NonNullable<typeof again>} */ (again));
          shown = Math.max(shown, index);
          await read(response, push);
        } catch {} // The network still: it is tried again.
        clearTimeout(idle);
        await flush();
      }
    }

    /** @param {string} text */
    function push(text) {
      try {
        for (const fragment of frame(text)) {
          fragment.number = index++;
          if (index <= shown) continue; // It is there already.
          shown++;
          outcome ||= fragment.outcome;
          queue.push(fragment);
        }
        alive();
      } catch (error) {
        reportError(error);
        cut("incomplete"); // What cannot be understood is read no further.
      }
      if (queue.length) schedule();
    }

    /** @param {string} reason */
    function close(reason) {
      return (ended ??= end(reason));
    }

    return { push, close, quit };
  }

  /** The page's `role="status"` says it, once. @param {string} words */
  function say(words) {
    for (const status of document.querySelectorAll("[data-stream-status]")) {
      status.textContent = words && (status.getAttribute("data-stream-status") || words);
    }
  }

  /** Each element replaces the one that has its id; what htmx has words for, htmx does. @param {string} html */
  function swap(html) {
    const { content } = parse(html);
    if (swapByHtmx && content.querySelector("[hx-swap-oob],hx-partial")) return swapByHtmx(html);
    for (const element of [...content.children]) {
      element.removeAttribute("hx-swap-oob");
      document.getElementById(element.id)?.replaceWith(element);
      enliven(element);
    }
  }

  /** htmx has not seen yet what it did not place itself. @param {Node | null} node */
  function enliven(node) {
    const { htmx } = /** @type {any} */ (window);
    // In there it would look for what it must not find.
    if (htmx && node instanceof Element && !node.closest("[hx-ignore]")) htmx.process(node);
  }

  function pin() {
    const pinned = [...document.querySelectorAll("[data-stream-pin]")].filter(
      (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 8,
    );
    return () => pinned.forEach((scroller) => scroller.scrollTo({ top: scroller.scrollHeight, behavior: "instant" }));
  }

  /** @param {Element} source @param {string} name @param {object} [detail] */
  function tell(source, name, detail) {
    // Its answer may have taken the place of the form.
    (source.isConnected ? source : document).dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  /**
   * @param {Element | string} place @param {Element} source
   * @param {string} name of the attribute data-stream-… that has the words @param {string} words otherwise
   */
  function notice(place, source, name, words) {
    const span = document.createElement("span");
    span.className = "streamhtml-notice";
    span.role = "alert";
    span.textContent = source.getAttribute("data-stream-" + name) ?? words;
    const stay = pin();
    (typeof place === "string" ? document.querySelector(place) : place)?.append(span);
    stay();
  }

  /** No stream has begun. @param {Element} source @param {Element | string} target @param {unknown} error */
  function failed(source, target, error) {
    notice(target, source, "error", ERROR);
    tell(source, "stream:error", { error });
  }

  /** What a Content-Type says of a stream. @param {string | null} type */
  function streamOf(type) {
    const [, token, from] = /;\s*fragments="?(\w+)"?(?:;\s*from=(\d+))?/i.exec(type ?? "") ?? [];
    return token ? { frame: framer(token), index: +(from ?? 0) } : undefined;
  }

  /** @param {Response} response @param {(text: string) => void} push */
  async function read(response, push) {
    const decoder = new TextDecoder();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      push(decoder.decode(value, { stream: true }));
    }
  }

  /** @param {Response} response @param {Shown} reply */
  async function pump(response, reply) {
    try {
      await read(response, reply.push);
      await reply.close("incomplete");
    } catch (error) {
      // Resumed and brought to its end, it is no error any more.
      if (/aborted|incomplete|timeout/.test(await reply.close("incomplete"))) throw error;
    }
  }

  // Without htmx -------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement) || !form.matches("[data-stream]")) return;
    event.preventDefault();
    if (!streaming.has(form)) submit(form, event.submitter);
  });

  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-stream-stop]");
    const selector = button?.getAttribute("data-stream-stop");
    const stop = streaming.get(/** @type {Element} */ (selector ? document.querySelector(selector) : button?.closest("form")));
    if (!stop) return;
    event.preventDefault();
    stop();
  });

  /** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
  async function submit(form, submitter) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const [, selector, , position = "beforeend"] = /** @type {RegExpMatchArray} */ (
      /^(.*?)( (\w+(begin|end)))?$/.exec(/** @type {string} */ (form.dataset.stream))
    );
    const target = document.querySelector(selector || "body");
    if (!target) throw new Error("data-stream: no " + selector);
    streaming.set(form, abort);
    target.querySelector(":scope > .streamhtml-notice")?.remove(); // of the last try
    const insert = (/** @type {string} */ html) =>
      target.insertAdjacentHTML(/** @type {InsertPosition} */ (position), trusted(html));
    try {
      const response = await fetch(...request(form, submitter, controller.signal));
      const header = (/** @type {string} */ name) => response.headers.get(name);
      const reply = show({ source: form, target, insert, abort, header });
      if (reply) await pump(response, reply);
      else if (response.redirected) location.assign(response.url);
      else if (response.ok) insert(await response.text());
      else throw new Error(response.statusText);
    } catch (error) {
      // A reply that had begun has told its end, and shown it.
      if (streaming.get(form) === abort && !controller.signal.aborted) failed(form, target, error);
    } finally {
      if (streaming.get(form) === abort) streaming.delete(form);
    }
  }

  /**
   * @param {HTMLFormElement} form @param {HTMLElement | null} submitter @param {AbortSignal} signal
   * @returns {[URL, RequestInit]}
   */
  function request(form, submitter, signal) {
    const said = (/** @type {string} */ name) =>
      submitter?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
    const url = new URL(said("action") || location.href, document.baseURI);
    const method = said("method").toUpperCase() || "GET";
    const data = new FormData(form, submitter);
    const query = /** @type {any} */ (new URLSearchParams(/** @type {any} */ (data)));
    const headers = { [HEADER]: "html" };
    if (method === "GET") {
      url.search = query;
      return [url, { headers, signal }];
    }
    return [url, { method, headers, signal, body: said("enctype") === "multipart/form-data" ? data : query }];
  }

  // With htmx ----------------------------------------------------------------------------------

  /** @param {any} htmx */
  function extendHtmx2(htmx) {
    /** @type {any} */
    let api;
    /** @type {WeakSet<XMLHttpRequest>} requests that stream */
    const streams = new WeakSet();

    /** @param {any} detail htmx's responseInfo */
    function watch(detail) {
      const { elt, target, xhr } = detail;
      const header = (/** @type {string} */ name) => xhr.getResponseHeader(name);
      /** @type {Shown | undefined} */
      let reply;
      let read = 0;
      /** htmx goes on. */
      let go = () => {};
      const insert = (/** @type {string} */ html) => new Promise((done) => {
        const said = (/** @type {string} */ name) => api.getClosestAttributeValue(elt, name);
        const to = header("HX-Retarget");
        const into = to === "this" ? elt : to ? api.querySelectorExt(elt, to) : target;
        // What htmx asks the page before it swaps. It would do so at the end, when nothing can be changed.
        const info = { ...detail, target: into, shouldSwap: true, serverResponse: html, swapOverride: header("HX-Reswap") ?? detail.etc.swapOverride, placed: false };
        detail.placed = true;
        if (!api.triggerEvent(into, "htmx:beforeSwap", info) || !info.shouldSwap) return done(0);
        htmx.swap(info.target, info.serverResponse, api.getSwapSpecification(elt, info.swapOverride), {
          select: header("HX-Reselect") ?? detail.select ?? said("hx-select"),
          selectOOB: detail.etc.selectOOB ?? said("hx-select-oob"),
          contextElement: elt,
          eventInfo: info,
          afterSwapCallback: done,
        });
      });

      /** Takes what has come since the last time. */
      function more() {
        if (!reply) {
          const abort = xhr.abort.bind(xhr);
          const headers = Object.entries(detail.requestConfig.headers).filter(([, value]) => !/[^\0-\xff]/.test(value));
          const shown = show({ source: elt, target, insert, abort, header, headers: Object.fromEntries(headers) });
          if (!shown) return;
          reply = shown;
          xhr.abort = () => {
            shown.quit();
            go();
          };
        }
        streams.add(xhr);
        xhr.timeout = 0; // It was for the whole request.
        const text = xhr.responseText.slice(read); // empty after an error
        read += text.length;
        reply.push(text);
      }

      xhr.addEventListener("progress", more);
      // htmx goes on when everything is on the page; at once where it has aborted, for it does not wait.
      for (const name of ["onload", "onerror", "onabort"]) {
        const then = xhr[name];
        xhr[name] = async (/** @type {Event} */ event) => {
          if (name === "onload") more();
          go = () => {
            go = () => {};
            then.call(xhr, event);
          };
          if (reply) await reply.close("incomplete");
          go();
        };
      }
    }

    swapByHtmx = (html) => htmx.swap("body", html, { swapStyle: "none" });
    htmx.defineExtension("streaming-html", {
      init(/** @type {any} */ internal) {
        api = internal;
      },
      onEvent(/** @type {string} */ name, /** @type {CustomEvent} */ event) {
        if (name === "htmx:configRequest") event.detail.headers[HEADER] = "html";
        if (name === "htmx:beforeSend") watch(event.detail);
        if (/:(sendError|responseError|timeout)$/.test(name) && !streams.has(event.detail.xhr)) {
          failed(event.detail.elt, event.detail.target, event.detail.error);
        }
        return true;
      },
    });
    // Fired on the target, which need not be inside the extension's element, in both of htmx's
    // spellings. The swap at the end places nothing: of the one that did, the page has heard.
    for (const name of ["beforeSwap", "before-swap", "afterSwap", "after-swap", "afterSettle", "after-settle"]) {
      document.addEventListener("htmx:" + name, (event) => {
        const { detail } = /** @type {CustomEvent} */ (event);
        if (!streams.has(detail.xhr) || detail.placed === false) return;
        Object.assign(detail, { serverResponse: "", swapOverride: "none" });
        if (detail.placed) event.stopImmediatePropagation();
      }, true);
    }
  }

  /** @param {any} htmx */
  function extendHtmx4(htmx) {
    swapByHtmx = (text) => htmx.swap({ sourceElement: document.body, target: "body", swap: "none", push: "false", text });
    htmx.registerExtension("streaming-html", {
      init(/** @type {any} */ api) {
        // Under Trusted Types htmx needs a policy, too. A script's text is none of ours.
        api.initSecurity?.({ createHTML: trusted, createScript: (/** @type {string} */ text) => text });
      },
      htmx_config_request(/** @type {Element} */ _, /** @type {any} */ { ctx }) {
        if (ctx.request.abort) ctx.request.headers[HEADER] = "html";
      },
      htmx_error(/** @type {Element} */ source, /** @type {any} */ { ctx, error }) {
        // It hears of every request: those that want to stream say so by hx-ext.
        const wants = source.matches("[hx-ext*=streaming-html]");
        if (wants && ctx && !ctx.response && error.name !== "AbortError") failed(source, ctx.target, error);
      },
      htmx_before_response(/** @type {Element} */ source, /** @type {any} */ { ctx }) {
        const response = ctx.response.raw;
        const target = ctx.hx.retarget ?? ctx.target;
        const swap = ctx.hx.reswap ?? ctx.swap;
        // The message is the request's own swap, with its history and its events: there is no other.
        const insert = (/** @type {string} */ text) =>
          htmx.swap(Object.assign(ctx, { text, target, swap, select: ctx.hx.reselect ?? ctx.select, status: "streaming" }));
        const { abort, headers } = ctx.request;
        const header = (/** @type {string} */ name) => response.headers.get(name);
        const reply = show({ source, target, insert, abort, header, headers });
        if (!reply) return;
        ctx.request.abort = reply.quit;
        clearTimeout(ctx.requestTimeout); // It was for the whole request.
        // htmx goes on when it has the text: then everything is on the page already.
        response.text = async () => {
          await pump(response, reply);
          return "";
        };
        ctx.swap = ctx.hx.reswap = "none";
      },
    });
  }

  const htmx = /** @type {any} */ (window).htmx;
  if (htmx?.registerExtension) extendHtmx4(htmx);
  else if (htmx) extendHtmx2(htmx);
})();
