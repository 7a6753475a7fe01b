/**
 * streaming-html: shows a streamed reply while it arrives.
 *
 *   bytes -> Framer (fragments, wherever the network cut them)
 *         -> Reply  (the sink: one write to the page per 33 ms)
 *         -> apply  (one change to the page)
 *
 * It serves <form data-stream="#messages beforeend">, hx-ext="streaming-html" in htmx 2, and every
 * request in htmx 4, through htmx's own request. Load it after htmx. The wire it reads is specified
 * in docs/reference/wire.md, its attributes and events in docs/reference/client.md.
 *
 * The law: a fragment is applied whole or not at all.
 */
(() => {
  "use strict";

  const HEADER = "Streaming-HTML";
  const WRITE_EVERY = 33; // ms
  const OPERATIONS = /^(open|append|replace|tail|swap|end)$/;
  const IDLE = 60_000; // ms without a byte; the server pings more often than that
  const LOST = "The connection was lost, and the answer ends here.";
  const ERROR = "Something went wrong. Please try again.";

  /**
   * @typedef {{action: string, root: string, depth: number, child: number, html: string}} Patch
   * @typedef {{patches: Patch[], outcome: string}} Fragment
   */

  // The page's author trusts this server's HTML by loading this file; it is never a script's text.
  const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("streaming-html", {
    createHTML: (/** @type {string} */ html) => html,
  });
  const trusted = (/** @type {string} */ html) => /** @type {string} */ (policy?.createHTML(html) ?? html);

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":where(.streamhtml-text){white-space:pre-wrap}:where(.streamhtml-notice){display:block}",
  );
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  /** Requests that stream, by the element that made them; the value ends one. @type {Map<Element, () => void>} */
  const streaming = new Map();

  /** Cuts a body into fragments: the text may arrive in any pieces. */
  class Framer {
    /** @param {string} token the response's own, which begins each of its comments */
    constructor(token) {
      this.mark = "<!" + token;
      this.text = "";
      this.seen = 0; // up to here there is no mark
      /** @type {Patch[]} */
      this.patches = [];
      this.place = { action: "", root: "", depth: 0, child: -1 };
    }

    /** @param {string} text @returns {Fragment[]} those that `text` completes */
    push(text) {
      this.text += text;
      const fragments = [];
      let start = 0;
      for (;;) {
        const mark = this.text.indexOf(this.mark, Math.max(start, this.seen));
        const end = mark < 0 ? -1 : this.text.indexOf(">", mark);
        if (end < 0) {
          this.seen = mark < 0 ? Math.max(start, this.text.length - this.mark.length) : mark;
          break;
        }
        const fragment = this.patch(
          this.text.slice(start, mark),
          this.text.slice(mark + this.mark.length, end),
        );
        if (fragment) fragments.push(fragment);
        start = this.seen = end + 1;
      }
      this.text = this.text.slice(start);
      this.seen -= start;
      return fragments;
    }

    /** @param {string} html @param {string} operation @returns {Fragment | undefined} */
    patch(html, operation) {
      const more = operation[0] === "+";
      const [action, ...words] = operation.slice(more ? 1 : 0).trim().split(" ");
      if (action === "ping") return;
      if (action && !OPERATIONS.test(action)) throw new Error("unknown operation: " + action);
      if (action && action !== "end") {
        this.place = { ...this.place, action, depth: 0, child: -1 };
        for (const word of words) {
          if (word[0] === "#") this.place.root = word.slice(1);
          else if (word[0] === "@") this.place.child = +word.slice(1);
          else this.place.depth = +word;
        }
      }
      if (action !== "end") {
        const unplaced = /open|swap/.test(this.place.action);
        this.patches.push({ ...this.place, root: unplaced ? "" : this.place.root, html });
      }
      if (more) return;
      const patches = this.patches;
      this.patches = [];
      return { patches, outcome: action === "end" ? words[0] : "" };
    }
  }

  /** Leaves out what a later patch undoes, and joins what can be written at once. @param {Patch[]} patches */
  function merge(patches) {
    /** @type {Patch[]} */
    const merged = [];
    for (const patch of patches) {
      let last = merged.at(-1);
      if (
        last?.action === patch.action && patch.action === "swap" ||
        last?.action === "tail" && last.root === patch.root
      ) {
        merged.pop();
        last = merged.at(-1);
      }
      if (
        patch.action === "append" && last?.action === "append" &&
        last.root === patch.root && last.depth === patch.depth
      ) {
        last.html += patch.html;
      } else {
        merged.push({ ...patch });
      }
    }
    return merged;
  }

  /** One reply on the page: gathers fragments, writes them, tells what happens by events. */
  class Reply {
    /**
     * @param {Element} source the form; events are dispatched on it and bubble
     * @param {string} token
     * @param {Element | string} target where the page asked for the message
     * @param {(html: string, out: boolean) => void | Promise<unknown>} insert puts the first
     *   fragment there; with `out`, replaces elements by their ids
     * @param {() => void} abort
     */
    constructor(source, token, target, insert, abort) {
      this.source = source;
      this.framer = new Framer(token);
      this.target = target;
      this.insert = insert;
      this.outcome = "";
      this.opened = false;
      this.count = 0;
      /** @type {string[]} ids of the live regions */
      this.regions = [];
      /** @type {Map<string, ChildNode[]>} what is shown provisionally, by root */
      this.tails = new Map();
      /** @type {Fragment[]} */
      this.queue = [];
      this.written = 0;
      this.timer = 0;
      this.work = Promise.resolve();
      streaming.set(source, abort);
      this.tell("stream:start");
      if (source instanceof HTMLFormElement && source.matches("[data-stream-reset]")) source.reset();
    }

    /** @param {string} text */
    push(text) {
      this.queue = this.queue.concat(this.framer.push(text));
      if (this.queue.length && !this.timer) {
        const wait = Math.max(0, this.written + WRITE_EVERY - performance.now());
        this.timer = window.setTimeout(() => this.write(), wait);
      }
    }

    write() {
      clearTimeout(this.timer);
      this.timer = 0;
      this.written = performance.now();
      const fragments = this.queue.splice(0);
      // What goes wrong here is the page's (a target that is gone); the end is told all the same.
      this.work = this.work.then(() => this.apply(fragments)).catch(reportError);
      return this.work;
    }

    /** @param {Fragment[]} fragments */
    async apply(fragments) {
      const pinned = [...document.querySelectorAll("[data-stream-pin]")].filter(
        (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 8,
      );
      for (const patch of merge(fragments.flatMap((fragment) => fragment.patches))) {
        if (patch.root) this.change(patch);
        else await this.insert(patch.html, patch.action === "swap");
        if (!this.opened) this.open(patch);
      }
      for (const scroller of pinned) scroller.scrollTop = scroller.scrollHeight;
      for (const { outcome } of fragments) {
        this.outcome ||= outcome;
        this.tell("stream:fragment", { index: this.count });
        this.tell("chunk", { count: this.count++ });
      }
    }

    /** @param {Patch} first the message itself */
    open({ html, root }) {
      this.opened = true;
      // What the server placed, htmx has not seen yet.
      if (root) /** @type {any} */ (window).htmx?.process(document.getElementById(root));
      const shell = document.createElement("template");
      shell.innerHTML = trusted(html);
      const regions = shell.content.querySelectorAll(".streamhtml");
      const found = regions.length ? [...regions] : [...shell.content.querySelectorAll("[id]")].slice(0, 1);
      this.regions = found.map((element) => element.id);
      for (const id of this.regions) document.getElementById(id)?.setAttribute("aria-busy", "true");
    }

    /** @param {Patch} patch */
    change({ action, root, depth, child, html }) {
      for (const node of this.tails.get(root) ?? []) node.remove();
      this.tails.delete(root);
      /** @type {Element | null | undefined} */
      let element = document.getElementById(root);
      if (child >= 0) element = element?.children[child];
      while (depth-- > 0) element = element?.lastElementChild;
      if (!element) return; // the page has removed the message
      const last = element.lastChild;
      element.insertAdjacentHTML(action === "replace" ? "beforebegin" : "beforeend", trusted(html));
      if (action === "replace") element.remove();
      if (action === "tail") {
        const nodes = [...element.childNodes];
        this.tails.set(root, last ? nodes.slice(nodes.indexOf(last) + 1) : nodes);
      }
    }

    /** The body has ended. @param {string} reason why, where the server did not say it */
    async close(reason) {
      await this.write();
      reason = this.outcome || reason;
      for (const id of this.regions) {
        const region = document.getElementById(id);
        region?.normalize();
        region?.removeAttribute("aria-busy");
      }
      if (reason === "incomplete") {
        notice(document.getElementById(this.regions[0]) ?? this.target, this.source, "lost", LOST);
      }
      streaming.delete(this.source);
      this.tell("stream:end", { reason });
    }

    /** @param {string} name @param {object} [detail] */
    tell(name, detail) {
      tell(this.source, name, detail);
    }
  }

  /** @param {Element} source @param {string} name @param {object} [detail] */
  function tell(source, name, detail) {
    source.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  /**
   * @param {Element | string} place @param {Element} source
   * @param {string} name of the attribute data-stream-… that has the words @param {string} words otherwise
   */
  function notice(place, source, name, words) {
    const span = document.createElement("span");
    span.className = "streamhtml-notice";
    span.setAttribute("role", "alert");
    span.textContent = source.getAttribute("data-stream-" + name) ?? words;
    (typeof place === "string" ? document.querySelector(place) : place)?.append(span);
  }

  /** @param {string | null} type a Content-Type */
  const tokenOf = (type) => /;\s*fragments="?(\w+)/i.exec(type ?? "")?.[1];

  /** @param {Response} response @param {Reply} reply @param {() => void} [alive] */
  async function pump(response, reply, alive) {
    const decoder = new TextDecoder();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        alive?.();
        reply.push(decoder.decode(value, { stream: true }));
      }
      await reply.close("incomplete");
    } catch (error) {
      await reply.close(/** @type {Error} */ (error).name === "AbortError" ? "aborted" : "incomplete");
      throw error;
    }
  }

  // Without htmx -------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement) || !form.matches("[data-stream]")) return;
    event.preventDefault();
    if (!streaming.has(form)) void submit(form, event.submitter);
  });

  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-stream-stop]");
    const selector = button?.getAttribute("data-stream-stop");
    const form = selector ? document.querySelector(selector) : button?.closest("form");
    if (form) streaming.get(form)?.();
  });

  /** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
  async function submit(form, submitter) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const [, selector, position = "beforeend"] = /** @type {RegExpMatchArray} */ (
      /^(.*?)(?:\s+((?:before|after)(?:begin|end)|innerHTML))?$/.exec(form.dataset.stream ?? "")
    );
    const target = document.querySelector(selector || "body");
    if (!target) throw new Error(`data-stream: there is no ${selector} on the page`);
    streaming.set(form, abort);
    /** @param {string} html @param {boolean} [out] */
    const insert = (html, out) => (out ? replace(html) : put(target, position, html));
    try {
      const response = await fetch(...request(form, submitter, controller.signal));
      const token = tokenOf(response.headers.get("Content-Type"));
      if (token) await pump(response, new Reply(form, token, target, insert, abort));
      else if (response.redirected) location.assign(response.url);
      else if (response.ok) insert(await response.text());
      else throw new Error(`${response.status} ${response.statusText}`);
    } catch (error) {
      // A reply that had begun has told its end, and shown it.
      if (controller.signal.aborted) return;
      if (streaming.has(form)) notice(target, form, "error", ERROR);
      tell(form, "stream:error", { error });
    } finally {
      streaming.delete(form);
    }
  }

  /**
   * @param {HTMLFormElement} form @param {HTMLElement | null} submitter @param {AbortSignal} signal
   * @returns {[URL, RequestInit]}
   */
  function request(form, submitter, signal) {
    const said = (/** @type {string} */ name) =>
      submitter?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
    const url = new URL(said("action"), document.baseURI);
    const method = said("method").toUpperCase() || "GET";
    const data = new FormData(form, submitter);
    const query = new URLSearchParams(/** @type {any} */ (data));
    const headers = { [HEADER]: "html" };
    if (method === "GET") {
      url.search = query.toString();
      return [url, { headers, signal }];
    }
    return [url, { method, headers, signal, body: said("enctype") === "multipart/form-data" ? data : query }];
  }

  /** @param {Element} target @param {string} position @param {string} html */
  function put(target, position, html) {
    if (position === "innerHTML") target.replaceChildren();
    target.insertAdjacentHTML(
      /** @type {InsertPosition} */ (position === "innerHTML" ? "beforeend" : position),
      trusted(html),
    );
  }

  /** Each element replaces the one that has its id. @param {string} html */
  function replace(html) {
    const parsed = document.createElement("template");
    parsed.innerHTML = trusted(html);
    for (const element of [...parsed.content.children]) {
      element.removeAttribute("hx-swap-oob");
      document.getElementById(element.id)?.replaceWith(element);
    }
  }

  // With htmx ----------------------------------------------------------------------------------

  /** @param {any} htmx */
  function extendHtmx2(htmx) {
    /** @type {any} */
    let api;
    /** @type {WeakMap<XMLHttpRequest, Reply>} */
    const replies = new WeakMap();

    /** @param {any} detail htmx's responseInfo */
    function watch(detail) {
      const { elt, target, xhr } = detail;
      let read = 0;
      /** @param {string} html @param {boolean} out */
      const insert = (html, out) => new Promise((done) => {
        const into = xhr.getResponseHeader("HX-Retarget") ?? target;
        const spec = api.getSwapSpecification(elt, out ? "none" : xhr.getResponseHeader("HX-Reswap"));
        htmx.swap(into, html, spec, { contextElement: elt, eventInfo: detail, afterSwapCallback: done });
      });
      xhr.addEventListener("readystatechange", () => {
        const token = xhr.readyState > 1 && tokenOf(xhr.getResponseHeader("Content-Type"));
        if (token && !replies.has(xhr)) {
          replies.set(xhr, new Reply(elt, token, target, insert, () => xhr.abort()));
        }
      });
      for (const event of ["progress", "load", "error", "abort", "timeout"]) {
        xhr.addEventListener(event, () => {
          const reply = replies.get(xhr);
          const text = xhr.responseText; // empty after an error
          reply?.push(text.slice(read));
          read = text.length;
          if (event !== "progress") reply?.close(event === "abort" ? "aborted" : "incomplete");
        });
      }
    }

    htmx.defineExtension("streaming-html", {
      init(/** @type {any} */ internal) {
        api = internal;
      },
      onEvent(/** @type {string} */ name, /** @type {CustomEvent} */ event) {
        if (name === "htmx:configRequest") event.detail.headers[HEADER] = "html";
        if (name === "htmx:beforeSend") watch(event.detail);
        return true;
      },
    });
    // Fired on the target, which need not be inside the extension's element.
    document.addEventListener("htmx:beforeSwap", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      if (replies.has(detail.xhr)) Object.assign(detail, { serverResponse: "", swapOverride: "none" });
    });
  }

  /** @param {any} htmx */
  function extendHtmx4(htmx) {
    htmx.registerExtension("streaming-html", {
      htmx_config_request(/** @type {Element} */ _, /** @type {any} */ { ctx }) {
        ctx.request.headers[HEADER] = "html";
      },
      htmx_before_response(/** @type {Element} */ source, /** @type {any} */ { ctx }) {
        const response = ctx.response.raw;
        const token = tokenOf(response.headers.get("Content-Type"));
        if (!token) return;
        const target = ctx.hx.retarget ?? ctx.target;
        const swap = ctx.hx.reswap ?? ctx.swap;
        /** @param {string} text @param {boolean} out */
        const insert = (text, out) =>
          htmx.swap({ sourceElement: source, target, swap: out ? "none" : swap, text, push: "false" });
        // htmx ends a whole request after a minute: here, one without a byte for so long.
        const alive = () => {
          clearTimeout(ctx.requestTimeout);
          ctx.requestTimeout = setTimeout(ctx.request.abort, IDLE);
        };
        // htmx goes on when it has the text: then everything is on the page already.
        response.text = async () => {
          await pump(response, new Reply(source, token, target, insert, ctx.request.abort), alive);
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
