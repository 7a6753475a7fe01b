/**
 * streaming-html: shows a streamed reply while it arrives.
 *
 *   bytes -> framer (fragments, wherever the network cut them)
 *         -> show   (the sink: one write to the page per 33 ms)
 *         -> change (one change to the page)
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
  const OPERATIONS = /^(open|append|replace|tail|swap|end|)$/;
  const IDLE = 60_000; // ms without a byte; the server pings more often than that
  const LOST = "The connection was lost, and the answer ends here.";
  const ERROR = "Something went wrong. Please try again.";

  /**
   * @typedef {{action: string, root: string, at: string, html: string}} Patch `at`: "", "2", "@3"
   * @typedef {{patches: Patch[], outcome: string}} Fragment
   * @typedef {{push: (text: string) => void, close: (reason: string) => Promise<void>}} Shown
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

  /** Requests that stream, by the element that made them; the value ends one. @type {Map<Element, () => void>} */
  const streaming = new Map();

  /**
   * Cuts a body into fragments: the text may arrive in any pieces.
   * @param {string} token the response's own, which begins each of its marks
   * @returns {(more: string) => Fragment[]} takes more text, returns the fragments that it completes
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
      const [name, ...words] = operation.slice(+more).trim().split(" ");
      if (name === "ping") return;
      if (!OPERATIONS.test(name)) throw new Error("unknown: " + name);
      if (name !== "end") {
        if (name) {
          action = name;
          at = "";
          for (const word of words) {
            if (word[0] === "#") root = word.slice(1);
            else at = word;
          }
        }
        patches.push({ action, root: /open|swap/.test(action) ? "" : root, at, html });
      }
      if (more) return;
      const fragment = { patches, outcome: name === "end" ? words[0] : "" };
      patches = [];
      return fragment;
    }

    return (more) => {
      text += more;
      const fragments = [];
      let start = 0;
      for (;;) {
        const found = text.indexOf(mark, Math.max(start, seen));
        const end = found < 0 ? -1 : text.indexOf(">", found);
        if (end < 0) {
          seen = found < 0 ? text.length - mark.length : found;
          break;
        }
        const fragment = patch(text.slice(start, found), text.slice(found + mark.length, end));
        if (fragment) fragments.push(fragment);
        start = seen = end + 1;
      }
      text = text.slice(start);
      seen -= start; // below 0 is 0 to indexOf
      return fragments;
    };
  }

  /** A fragment that shows the whole message anew. @param {Fragment | undefined} fragment */
  const isWhole = (fragment) => fragment?.patches.length === 1 && fragment.patches[0].action === "swap";

  /** Leaves out what the next undoes, and joins what can be written at once. @param {Fragment[]} fragments */
  function merge(fragments) {
    const needed = fragments.filter((each, i) => !isWhole(each) || !isWhole(fragments[i + 1]));
    /** @type {Patch[]} */
    const merged = [];
    for (const patch of needed.flatMap((each) => each.patches)) {
      const { action, root, at, html } = patch;
      if (merged.at(-1)?.action === "tail" && merged.at(-1)?.root === root) merged.pop();
      const last = merged.at(-1);
      if (action === "append" && last?.action === action && last.root === root && last.at === at) {
        last.html += html;
      } else merged.push({ ...patch });
    }
    return merged;
  }

  /**
   * Shows one reply on the page: gathers fragments, writes them, tells what happens by events.
   * @param {Element} source the form; events are dispatched on it and bubble
   * @param {string} token
   * @param {Element | string} target where the page asked for the message
   * @param {(html: string, out: boolean) => void | Promise<unknown>} insert puts the first
   *   fragment there; with `out`, replaces elements by their ids
   * @param {() => void} abort
   */
  function show(source, token, target, insert, abort) {
    const frame = framer(token);
    let outcome = "";
    let opened = false;
    let closed = false;
    let count = 0;
    let written = 0;
    /** @type {number} */
    let timer = 0;
    let work = Promise.resolve();
    /** @type {Fragment[]} */
    let queue = [];
    /** @type {string[]} ids of the live regions */
    let regions = [];
    /** @type {Map<string, ChildNode[]>} what is shown provisionally, by root */
    const tails = new Map();

    streaming.set(source, abort);
    tell(source, "stream:start");
    // A form's field may be called reset.
    if (source.matches("form[data-stream-reset]")) HTMLFormElement.prototype.reset.call(source);

    function write() {
      clearTimeout(timer);
      timer = 0;
      written = Date.now();
      const fragments = queue;
      queue = [];
      // What goes wrong here is the page's (a target that is gone); the end is told all the same.
      work = work.then(() => apply(fragments)).catch(reportError);
      return work;
    }

    /** @param {Fragment[]} fragments */
    async function apply(fragments) {
      const pinned = [...document.querySelectorAll("[data-stream-pin]")].filter(
        (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 8,
      );
      for (const fragment of fragments) outcome ||= fragment.outcome;
      for (const patch of merge(fragments)) {
        if (patch.root) change(patch);
        else await insert(patch.html, patch.action === "swap");
        if (!opened) open(patch);
        if (!patch.root) busy(true);
      }
      for (const scroller of pinned) scroller.scrollTop = scroller.scrollHeight;
      for (const _ of fragments) {
        tell(source, "stream:fragment", { index: count });
        tell(source, "chunk", { count: count++ });
      }
    }

    /** @param {Patch} first the message itself */
    function open({ html, root }) {
      opened = true;
      // What the server placed, htmx has not seen yet.
      if (root) /** @type {any} */ (window).htmx?.process(document.getElementById(root));
      const { content } = parse(html);
      const found = content.querySelector(".streamhtml") ? ".streamhtml" : "[id]";
      regions = [...content.querySelectorAll(found)].map(({ id }) => id);
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
      else for (let depth = +at; depth; depth--) element = element?.lastElementChild;
      if (!element) return; // the page has removed the message
      const last = element.lastChild;
      element.insertAdjacentHTML(action === "replace" ? "beforebegin" : "beforeend", trusted(html));
      if (action === "replace") element.remove();
      if (action === "tail") {
        const nodes = [...element.childNodes];
        tails.set(root, last ? nodes.slice(nodes.indexOf(last) + 1) : nodes);
      }
    }

    return {
      /** @param {string} text */
      push(text) {
        queue = queue.concat(frame(text));
        if (queue.length) timer ||= setTimeout(write, written + WRITE_EVERY - Date.now());
      },

      /** The body has ended. @param {string} reason why, where the server did not say it */
      async close(reason) {
        if (closed) return;
        closed = true;
        await write();
        reason = outcome || reason;
        busy(false);
        if (reason === "incomplete") {
          const region = regions.find((id) => id.endsWith("_text")) ?? regions[0];
          notice(document.getElementById(region) ?? target, source, "lost", LOST);
        }
        streaming.delete(source);
        tell(source, "stream:end", { reason });
      },
    };
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
    (typeof place === "string" ? document.querySelector(place) : place)?.append(span);
  }

  /** No stream has begun. @param {Element} source @param {Element | string} target @param {unknown} error */
  function failed(source, target, error) {
    notice(target, source, "error", ERROR);
    tell(source, "stream:error", { error });
  }

  /** @param {string | null} type a Content-Type */
  const tokenOf = (type) => /;\s*fragments="?(\w+)/i.exec(type ?? "")?.[1];

  /** @param {Response} response @param {Shown} reply @param {() => void} [alive] */
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
    if (!streaming.has(form)) submit(form, event.submitter);
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
      /^(.*?)(?: (\w+(?:begin|end)))?$/.exec(form.dataset.stream ?? "")
    );
    const target = document.querySelector(selector || "body");
    if (!target) throw new Error("data-stream: no " + selector);
    streaming.set(form, abort);
    target.querySelector(":scope > .streamhtml-notice")?.remove(); // of the last try
    /** @param {string} html @param {boolean} [out] */
    const insert = (html, out) =>
      out
        ? replace(html)
        : target.insertAdjacentHTML(/** @type {InsertPosition} */ (position), trusted(html));
    try {
      const response = await fetch(...request(form, submitter, controller.signal));
      const token = tokenOf(response.headers.get("Content-Type"));
      if (token) await pump(response, show(form, token, target, insert, abort));
      else if (response.redirected) location.assign(response.url);
      else if (response.ok) insert(await response.text());
      else throw new Error(response.statusText);
    } catch (error) {
      // A reply that had begun has told its end, and shown it.
      if (controller.signal.aborted) return;
      if (streaming.has(form)) failed(form, target, error);
      else tell(form, "stream:error", { error });
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

  /** Each element replaces the one that has its id. @param {string} html */
  function replace(html) {
    for (const element of [...parse(html).content.children]) {
      element.removeAttribute("hx-swap-oob");
      document.getElementById(element.id)?.replaceWith(element);
    }
  }

  // With htmx ----------------------------------------------------------------------------------

  /** What htmx swaps by id. @param {string} html */
  function outOfBand(html) {
    const parsed = parse(html);
    for (const element of parsed.content.children) element.setAttribute("hx-swap-oob", "true");
    return parsed.innerHTML;
  }

  /** @param {any} htmx */
  function extendHtmx2(htmx) {
    /** @type {any} */
    let api;
    /** @type {WeakMap<XMLHttpRequest, Shown>} */
    const replies = new WeakMap();

    /** @param {any} detail htmx's responseInfo */
    function watch(detail) {
      const { elt, target, xhr } = detail;
      let read = 0;
      /** @param {string} html @param {boolean} out */
      const insert = (html, out) => new Promise((done) => {
        const into = xhr.getResponseHeader("HX-Retarget") ?? target;
        const spec = api.getSwapSpecification(elt, out ? "none" : xhr.getResponseHeader("HX-Reswap"));
        htmx.swap(into, out ? outOfBand(html) : html, spec, { contextElement: elt, eventInfo: detail, afterSwapCallback: done });
      });
      xhr.addEventListener("readystatechange", () => {
        const token = xhr.readyState > 1 && tokenOf(xhr.getResponseHeader("Content-Type"));
        if (token && !replies.has(xhr)) {
          replies.set(xhr, show(elt, token, target, insert, () => xhr.abort()));
        }
      });
      for (const event of ["progress", "abort", "loadend"]) {
        xhr.addEventListener(event, () => {
          const reply = replies.get(xhr);
          const text = xhr.responseText.slice(read); // empty after an error
          read += text.length;
          try {
            reply?.push(text);
            if (event !== "progress") reply?.close(event === "abort" ? "aborted" : "incomplete");
          } catch (error) {
            reply?.close("incomplete");
            xhr.abort();
            throw error;
          }
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
        if (/:(send|response)Error$/.test(name) && !replies.has(event.detail.xhr)) {
          failed(event.detail.elt, event.detail.target, event.detail.error);
        }
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
      htmx_error(/** @type {Element} */ source, /** @type {any} */ { ctx, error }) {
        // It hears of every request: those that want to stream say so by hx-ext.
        const wants = source.matches("[hx-ext*=streaming-html]");
        if (wants && !ctx?.response && error.name !== "AbortError") failed(source, ctx.target, error);
      },
      htmx_before_response(/** @type {Element} */ source, /** @type {any} */ { ctx }) {
        const response = ctx.response.raw;
        const token = tokenOf(response.headers.get("Content-Type"));
        if (!token) return;
        const target = ctx.hx.retarget ?? ctx.target;
        const swap = ctx.hx.reswap ?? ctx.swap;
        /** @param {string} html @param {boolean} out */
        const insert = (html, out) => {
          const [style, text] = out ? ["none", outOfBand(html)] : [swap, html];
          return htmx.swap({ sourceElement: source, target, swap: style, text, push: "false" });
        };
        // htmx goes on when it has the text: then everything is on the page already.
        response.text = async () => {
          const reply = show(source, token, target, insert, ctx.request.abort);
          // htmx ends a whole request after a minute: here, one without a byte for so long.
          await pump(response, reply, () => {
            clearTimeout(ctx.requestTimeout);
            ctx.requestTimeout = setTimeout(() => {
              reply.close("incomplete");
              ctx.request.abort();
            }, IDLE);
          });
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
