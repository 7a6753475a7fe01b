/**
 * streaming-html: shows a streamed reply while it arrives.
 *
 *   bytes -> Framer  (text in any pieces -> whole fragments)
 *         -> Sink    (when to write to the page, and how much at a time)
 *         -> Applier (fragments -> changes to the page; one for HTML, one for Turbo)
 *
 * A Session holds one of each for one reply. It also knows how the reply ends, resumes it after a
 * lost connection, and dispatches the events. The sections at the end connect it to what sends the
 * request: plain forms, htmx 2, htmx 4 and Turbo. Load this file after htmx or Turbo.
 *
 * docs/reference/html-format.md specifies the bytes, docs/reference/client.md the attributes and
 * events.
 *
 * The law: a fragment is applied whole or not at all.
 */
(() => {
  "use strict";

  const REQUEST_HEADER = "Streaming-HTML";
  const script = document.currentScript;

  /**
   * What the reader sees, in English. The attribute data-stream-NAME has the page's own text.
   * @type {Record<string, string>}
   */
  const ENGLISH = {
    complete: "Reply complete.",
    thinking: "Thinking…",
    wait: "Please wait until the answer is complete.",
    stopped: "You stopped this answer.",
    lost: "The connection was lost, and the answer ends here.",
    retry: "Try again",
    later: "later",
    error: "Something went wrong. Please try again.",
    "error-401": "Please sign in, and try again.",
    "error-413": "This is too large. Please shorten it.",
    "error-429": "Too many requests. Please try again {time}.",
    "error-5xx": "The server has a problem. Please try again {time}.",
    "error-offline": "The server cannot be reached. Please try again.",
  };

  /**
   * One change to the page.
   *
   * @typedef {object} Patch
   * @property {string} action "open", "append", "replace", "tail" or "swap"
   * @property {string} root the id of the element that `at` starts from
   * @property {string} at "" for the root, "2" for a depth, "@3" for a child
   * @property {string} html trusted, as all HTML from the page's own server
   *
   * What is applied together.
   *
   * @typedef {object} Fragment
   * @property {Patch[]} patches
   * @property {string} outcome how the reply ended, on its last fragment; otherwise ""
   * @property {number} [index] 0, 1, 2 …; the session sets it
   *
   * What takes a body.
   *
   * @typedef {Pick<Session, "push" | "close"> & { text?: string }} Reader
   *
   * How a body is read.
   *
   * @typedef {object} Stream
   * @property {boolean} [turbo] whether its patches are for Turbo
   * @property {{ push: (text: string) => Iterable<Fragment> }} framer
   * @property {number} index of its first fragment
   * @property {boolean} [follows] whether another library changes the page
   *
   * A request whose response is a stream, as the code that sent it sees it.
   *
   * @typedef {object} StreamRequest
   * @property {Element} source the form; events are dispatched on it and bubble
   * @property {Element | string} target where the page wants the message
   * @property {(html: string) => void | Promise<unknown>} insert inserts the message there
   * @property {() => void} disconnect closes the connection
   * @property {(name: string) => string | null} header returns a header of the response
   * @property {boolean} [mayLackMarks] whether the body may be one of elements without marks
   * @property {(session: Session) => void} [onOpen] is called when the session begins
   * @property {number} [idle] the seconds without a byte that end it; 0 for no limit
   * @property {Record<string, string>} [headers] of the request; they are sent again with the
   *   requests to stop and to resume, because they may say who the user is
   *
   * What writes fragments to the page.
   *
   * @typedef {object} FragmentApplier
   * @property {(fragments: Fragment[]) => Promise<void>} apply
   * @property {(busy: boolean) => void} setBusy marks the live regions, for screen readers
   * @property {() => Element | undefined} noticePlace where the client's notice goes; nothing
   *   before the message is there
   * @property {() => boolean | undefined} hasLeft whether the page has removed the message;
   *   undefined before there is one
   */

  // ---------------------------------------------------------------------------------------------
  // Trusted HTML. The page's author trusts this server's HTML by loading this file. None of it is
  // ever the text of a script.
  // ---------------------------------------------------------------------------------------------

  const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("streaming-html", {
    createHTML: (/** @type {string} */ html) => html,
  });
  const trusted = (/** @type {string} */ html) =>
    /** @type {string} */ (policy?.createHTML(html) ?? html);

  /** @param {string} html */
  function parse(html) {
    const template = document.createElement("template");
    template.innerHTML = trusted(html);
    return template.content;
  }

  // ---------------------------------------------------------------------------------------------
  // The framer: cuts the text of a body into fragments. The text may arrive in any pieces. It only
  // searches for marks, and never parses HTML. It does no I/O.
  // ---------------------------------------------------------------------------------------------

  class Framer {
    #mark;
    #decode;
    #text = "";
    #searched = 0; // There is no mark before this position.
    /** @type {Patch[]} of a fragment that is not whole yet */
    #patches = [];

    /**
     * @param {string} token begins each mark of this response, until a mark names another one
     * @param {(html: string, words: string[]) => Patch[]} decode turns the HTML before a mark, and
     *   the words in the mark, into patches
     */
    constructor(token, decode) {
      this.#mark = "<!" + token;
      this.#decode = decode;
    }

    /**
     * Takes more of the body.
     * @param {string} text
     * @returns {Iterable<Fragment>} the fragments that it completes
     */
    *push(text) {
      this.#text += text;
      let start = 0;
      for (;;) {
        const found = this.#text.indexOf(this.#mark, Math.max(start, this.#searched));
        const end = found < 0 ? -1 : this.#text.indexOf(">", found);
        if (end < 0) {
          // The last characters may be the beginning of a mark.
          this.#searched = found < 0 ? this.#text.length - this.#mark.length : found;
          break;
        }
        const html = this.#text.slice(start, found);
        const fragment = this.#complete(html, this.#text.slice(found + this.#mark.length, end));
        if (fragment) yield fragment;
        start = this.#searched = end + 1;
      }
      this.#text = this.#text.slice(start);
      this.#searched -= start; // indexOf() treats a negative position as 0.
    }

    /** @param {string} html @param {string} mark @returns {Fragment | undefined} */
    #complete(html, mark) {
      const unfinished = mark[0] === "+";
      const words = mark.slice(+unfinished).trim().split(" ");
      if (words[0] === "ping") return;
      if (words[0] === "token") {
        this.#mark = "<!" + words[1];
        return;
      }
      this.#patches.push(...this.#decode(html, words));
      const outcome = words[0] === "end" ? words[1] : "";
      if (unfinished || !(outcome || this.#patches.length)) return;
      const fragment = { patches: this.#patches, outcome };
      this.#patches = [];
      return fragment;
    }
  }

  /** Decodes the marks of the `html` format: each leaves out what the one before it said. */
  function htmlDecoder() {
    const operations = /^(open|append|replace|tail|swap)$/;
    let action = "";
    let root = "";
    let at = "";
    return (/** @type {string} */ html, /** @type {string[]} */ words) => {
      if (words[0] === "end") return [];
      for (const word of words) {
        if (/^[@\d]/.test(word)) at = word;
        else if (word) {
          at = "";
          if (word[0] === "#") root = word.slice(1);
          else if (operations.test(word)) action = word;
          else throw new Error("unknown operation: " + word);
        }
      }
      return [{ action, root: /open|swap/.test(action) ? "" : root, at, html }];
    };
  }

  /**
   * Decodes the marks of the `turbo` format: the HTML is a series of <turbo-stream> elements, which
   * say themselves what they do. A mark without HTML is a ping.
   */
  function turboDecoder() {
    return (/** @type {string} */ html) =>
      html ? [{ action: "stream", root: "", at: "", html }] : [];
  }

  /**
   * Reads what a Content-Type says about a stream.
   * @param {string | null} type
   * @returns {Stream | undefined}
   */
  function readContentType(type) {
    const found = /;\s*fragments="?(\w+)"?(?:;\s*from=(\d+))?/i.exec(type ?? "");
    if (!found) return;
    const [, token, from = 0] = found;
    const turbo = /^text\/vnd\.turbo-stream\.html\b/i.test(/** @type {string} */ (type));
    return {
      turbo,
      framer: new Framer(token, turbo ? turboDecoder() : htmlDecoder()),
      index: +from,
    };
  }

  // ---------------------------------------------------------------------------------------------
  // The sink: decides when the page is written to, and how much at a time. It keeps the order of
  // the fragments, and starts a write only when the one before it is complete.
  // ---------------------------------------------------------------------------------------------

  const WRITE_INTERVAL = 33; // ms
  const LONG_REPLY = 500; // fragments; from there on half as often, because layout costs more
  const WRITE_LIMIT = 8192; // characters of HTML in one write, so that the page stays responsive
  const FRAME_TIMEOUT = 100; // ms; a page that nobody sees gets no animation frames

  class Sink {
    #write;
    /** @type {Fragment[]} */
    #queue = [];
    #newest = 0; // index of the last fragment in the queue
    #writtenAt = 0;
    #timer = 0;
    #frame = 0;
    #writing = Promise.resolve();

    /** @param {(fragments: Fragment[]) => Promise<void>} write */
    constructor(write) {
      this.#write = write;
    }

    /** @param {Fragment} fragment */
    push(fragment) {
      this.#queue.push(fragment);
      this.#newest = fragment.index ?? 0;
      this.#schedule();
    }

    /** Forgets what was not written yet. */
    clear() {
      this.#queue = [];
    }

    /** Writes nothing more until `flush()`. */
    hold() {
      clearTimeout(this.#timer);
      cancelAnimationFrame(this.#frame);
      this.#timer = -1;
    }

    /** Writes everything now, and waits until that is done. */
    async flush() {
      do {
        await this.#writeBatch();
        if (this.#queue.length) await pause(0); // The page may draw.
      } while (this.#queue.length);
    }

    #schedule() {
      const interval = WRITE_INTERVAL * (this.#newest >= LONG_REPLY ? 2 : 1);
      this.#timer ||= setTimeout(() => {
        this.#frame = requestAnimationFrame(() => this.#writeBatch());
        this.#timer = setTimeout(() => this.#writeBatch(), FRAME_TIMEOUT);
      }, this.#writtenAt + interval - Date.now());
    }

    #writeBatch() {
      clearTimeout(this.#timer);
      cancelAnimationFrame(this.#frame);
      this.#timer = 0;
      this.#writtenAt = Date.now();
      const batch = this.#nextBatch();
      if (this.#queue.length) this.#schedule();
      // An error here is the page's, such as a target that is gone. The reply still ends properly.
      this.#writing = this.#writing.then(() => this.#write(batch)).catch(reportError);
      return this.#writing;
    }

    #nextBatch() {
      let count = 0;
      for (let size = 0; count < this.#queue.length && size < WRITE_LIMIT; count++) {
        for (const { html } of this.#queue[count].patches) size += html.length;
      }
      return this.#queue.splice(0, count);
    }
  }

  /** @param {number} milliseconds */
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  // ---------------------------------------------------------------------------------------------
  // The applier of the `html` format. It only changes what the patches name: nodes that are on the
  // page are never made again, so that a selection, an open <details> and the focus stay. It looks
  // for them in the message that it has opened, because another one may have the same ids.
  // ---------------------------------------------------------------------------------------------

  /** The applier that has opened an element. @type {WeakMap<Element, HTMLApplier>} */
  const owners = new WeakMap();

  /** @param {string} id @param {ParentNode} [root] */
  const findAll = (id, root = document) =>
    id ? [...root.querySelectorAll("#" + CSS.escape(id))] : [];

  const OPENED = "[id]:not([hx-swap-oob])"; // The others were on the page before.

  /** @implements {FragmentApplier} */
  class HTMLApplier {
    #insert;
    /** @type {Set<Element>} the elements of the message that have an id */
    #own = new Set();
    /** @type {Set<string> | undefined} the ids in the HTML that was opened */
    #ids;
    /** @type {WeakSet<Element>} elements that were on the page before the message */
    #before = new WeakSet();
    /** @type {string[]} the ids of the live regions */
    #regions = [];
    /** @type {Map<string, ChildNode[]>} what is shown provisionally, by root */
    #tails = new Map();

    /** @param {StreamRequest["insert"]} insert */
    constructor(insert) {
      this.#insert = insert;
    }

    /** @param {Fragment[]} fragments */
    async apply(fragments) {
      for (const patch of mergePatches(fragments)) {
        if (this.#ids && patch.action !== "open") await this.#applyOne(patch);
        else await this.#open(patch);
        // A new element may be a live region.
        if (!patch.root || patch.action === "replace") this.setBusy(true);
      }
    }

    /** @param {boolean} busy */
    setBusy(busy) {
      for (const id of this.#regions) {
        const region = this.#find(id);
        if (!region) continue;
        region.ariaBusy = busy ? "true" : null;
        if (!busy) region.normalize();
      }
    }

    noticePlace() {
      const id = this.#regions.find((each) => each.endsWith("_text")) ?? this.#regions[0];
      return (id && this.#find(id)) || undefined;
    }

    hasLeft() {
      if (!this.#ids) return;
      const regions = this.#regions.flatMap((id) => this.#find(id) ?? []);
      // A later message may have taken an element over, by a swap that keeps what has the same id.
      const isOff = (/** @type {Element} */ region) =>
        !region.isConnected || (owners.get(region) ?? this) !== this;
      return regions.length > 0 && regions.every(isOff);
    }

    /**
     * Opens the message, and finds its elements.
     * @param {Patch} patch
     */
    async #open(patch) {
      const message = parse(patch.html);
      const opened = [...message.querySelectorAll(OPENED)];
      this.#before = new WeakSet(document.querySelectorAll("[id]"));
      this.#ids ??= new Set();
      for (const { id } of opened) this.#ids.add(id);
      await this.#applyOne(patch);
      for (const { id, textContent } of opened) {
        // A swap may keep what has the same id, and give it the new content.
        const isKept = (/** @type {Element} */ each) => each.textContent === textContent;
        this.#adopt(this.#find(id) ?? findAll(id).find(isKept));
      }
      if (!this.#regions.length) this.#regions = liveRegions(message, OPENED);
      this.setBusy(true);
    }

    /**
     * Makes an element a part of the message.
     * @template {Element | null | undefined} T @param {T} element @returns {T}
     */
    #adopt(element) {
      if (element) {
        owners.set(element, this);
        this.#own.add(element);
      }
      return element;
    }

    /** @param {Patch} patch */
    async #applyOne(patch) {
      const gone = [...this.#own].filter((each) => !each.isConnected);
      if (patch.root) this.#change(patch);
      else if (patch.action === "swap") await this.#swap(patch.html);
      else await this.#insert(patch.html);
      // What it has replaced is not the message's any more, even if it was found only now.
      for (const each of this.#own) {
        if (!each.isConnected && !gone.includes(each)) this.#own.delete(each);
      }
    }

    /** @param {Patch} patch */
    #change({ action, root, at, html }) {
      for (const node of this.#tails.get(root) ?? []) node.remove();
      this.#tails.delete(root);
      const element = this.#findPlace(root, at);
      if (!element) return; // The page has removed it.
      if (action === "replace") {
        const restore = rememberReader(element);
        element.insertAdjacentHTML("beforebegin", trusted(html));
        restore(element.previousElementSibling);
        processByHtmx(element.parentElement);
        return element.remove();
      }
      const last = element.lastChild;
      element.insertAdjacentHTML("beforeend", trusted(html));
      const nodes = [];
      let node = last ? last.nextSibling : element.firstChild;
      for (; node; node = node.nextSibling) nodes.push(node);
      if (action === "tail") this.#tails.set(root, nodes);
      else nodes.forEach(processByHtmx);
    }

    /**
     * Replaces elements by those with the same ids. Elements with an attribute that htmx reads are
     * left to htmx, unless it would change another message.
     * @param {string} html
     */
    async #swap(html) {
      const elements = [...parse(html).children];
      const left = elements.filter((element) => {
        const { id } = element;
        const old = this.#find(id);
        const isRead = element.matches(OUT_OF_BAND) || element.querySelector(OUT_OF_BAND);
        const isAlone = !this.#ids?.has(id) || findAll(id).every((each) => each === old);
        if (swapByHtmx && isRead && isAlone) return true;
        element.removeAttribute("hx-swap-oob");
        old?.replaceWith(element);
        processByHtmx(element);
        return false;
      });
      // Only htmx itself can parse a <tr> in its <hx-partial>.
      const isWhole = left.length === elements.length;
      const rest = isWhole ? html : left.map((element) => element.outerHTML).join("");
      if (left.length) await swapByHtmx?.(rest);
    }

    /** @param {string} root @param {string} at */
    #findPlace(root, at) {
      /** @type {Element | null | undefined} */
      let element = this.#find(root);
      if (at[0] === "@") return element?.children[+at.slice(1)];
      for (let depth = +at; depth > 0; depth--) element = element?.lastElementChild;
      return element;
    }

    /**
     * Finds an element of the message, or else one of the page that is in no other message.
     * @param {string} id
     */
    #find(id) {
      for (const element of this.#own) {
        const found = element.id === id ? element : findAll(id, element)[0];
        if (found) return found;
      }
      if (this.#ids?.has(id)) {
        const isNew = (/** @type {Element} */ each) => !this.#before.has(each) && !owners.has(each);
        return this.#adopt(findAll(id).find(isNew));
      }
      const found = document.getElementById(id);
      return this.#own.size && found?.closest(".streamhtml") ? null : found;
    }
  }

  /**
   * Returns the patches of several fragments in one list. It leaves out a tail that the next patch
   * removes, and joins appends to the same place.
   * @param {Fragment[]} fragments
   */
  function mergePatches(fragments) {
    /** @type {Patch[]} */
    const merged = [];
    for (const patch of fragments.flatMap((fragment) => fragment.patches)) {
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
   * Returns the ids of the live regions in a new message. Without any, it is the id of the first
   * element that has one.
   * @param {DocumentFragment | undefined} message
   * @param {string} fallback selects that element
   */
  function liveRegions(message, fallback) {
    const live = message?.querySelectorAll(".streamhtml") ?? [];
    const found = live.length ? [...live] : [message?.querySelector(fallback)];
    return found.flatMap((element) => element?.id || []);
  }

  // ---------------------------------------------------------------------------------------------
  // The applier of the `turbo` format. Turbo itself applies each element. This only keeps the order
  // of the fragments, and never writes to a message that the page has removed: another page that
  // Turbo shows may have elements with the same ids.
  // ---------------------------------------------------------------------------------------------

  /** @implements {FragmentApplier} */
  class TurboApplier {
    #opened = false;
    /** @type {string[]} the ids of the live regions */
    #regions = [];
    /** @type {Element[]} the regions on the page; at first the body, which a visit replaces */
    #shown = [document.body];
    #follows;

    /** @param {boolean} [follows] whether another library has already changed the page */
    constructor(follows) {
      this.#follows = follows;
    }

    /** @param {Fragment[]} fragments */
    async apply(fragments) {
      const patches = fragments.flatMap((fragment) => fragment.patches);
      if (!patches.length || this.hasLeft()) return;
      const content = parse(patches.map(({ html }) => html).join(""));
      if (!this.#opened) {
        this.#opened = true;
        const stream = content.firstElementChild?.firstElementChild;
        const message = this.#follows ? content : /** @type {any} */ (stream)?.content;
        this.#regions = liveRegions(message, "[id]");
      }
      if (!this.#follows) await this.#render(content);
      if (this.#regions.length) {
        this.#shown = this.#regions.flatMap((id) => document.getElementById(id) ?? []);
      }
      this.setBusy(true);
    }

    /** @param {DocumentFragment} content */
    async #render(content) {
      const elements = /** @type {any[]} */ ([...content.children]);
      const focused = document.activeElement;
      const parts = this.#shown.flatMap((region) =>
        [...region.querySelectorAll(":scope > .streamhtml-part")].map((part, index) => {
          return { region, part, index, restore: rememberReader(part) };
        }),
      );
      document.documentElement.append(content);
      // Turbo applies an element with the next frame, or by a timer in a hidden page. Without this
      // wait, what comes later could be applied earlier.
      await Promise.allSettled(elements.map((element) => element.render()));
      for (const { region, part, index, restore } of parts) {
        if (!part.isConnected) restore(region.children[index]);
      }
      if (!focused?.isConnected && document.activeElement === document.body) {
        document.getElementById(focused?.id ?? "")?.focus();
      }
    }

    /** @param {boolean} busy */
    setBusy(busy) {
      if (!this.#regions.length) return;
      for (const region of this.#shown) region.ariaBusy = busy ? "true" : null;
    }

    noticePlace() {
      if (!this.#opened) return;
      return this.#shown.find(({ id }) => id.endsWith("_text")) ?? this.#shown[0];
    }

    hasLeft() {
      return !this.#shown.some((element) => element.isConnected);
    }
  }

  // ---------------------------------------------------------------------------------------------
  // What the appliers and the session do to the rest of the page.
  // ---------------------------------------------------------------------------------------------

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":where(.streamhtml-text){white-space:pre-wrap}:where(.streamhtml-notice){display:block}" +
      "[data-stream-stop][hidden]{display:none!important}",
  );
  document.adoptedStyleSheets.push(sheet);

  // htmx 2 also looks into templates.
  const OUT_OF_BAND = "[hx-swap-oob],[data-hx-swap-oob],hx-partial,template:first-child";

  /** @type {((html: string) => void | Promise<void>) | undefined} */
  let swapByHtmx;

  /**
   * Lets htmx see what it did not insert itself.
   * @param {Node | null} node
   */
  function processByHtmx(node) {
    const { htmx } = /** @type {any} */ (window);
    // Within hx-ignore there is the model's text, in which htmx must not find anything.
    if (htmx && node instanceof Element && !node.closest("[hx-ignore]")) htmx.process(node);
  }

  /** The `<summary>` elements that the reader has clicked, also with the keyboard. */
  const clicked = new WeakSet();
  document.addEventListener("click", ({ target }) => {
    const summary = target instanceof Element && target.closest("summary");
    if (summary) clicked.add(summary);
  });

  /**
   * Returns a function that keeps what the reader has opened, closed and focused, when another
   * element takes the place of this one.
   * @param {Element} element
   * @returns {(replacement: Element | null | undefined) => void}
   */
  function rememberReader(element) {
    const states = [...element.querySelectorAll("summary")].map((summary) => {
      const details = /** @type {HTMLDetailsElement} */ (summary.parentNode);
      const isKept = clicked.has(summary) || isReadInside(details);
      return { isKept, open: details.open, isFocused: summary === document.activeElement };
    });
    return (replacement) => {
      replacement?.querySelectorAll("summary").forEach((summary, index) => {
        const { isKept, open, isFocused } = states[index] ?? {};
        if (isKept) {
          clicked.add(summary);
          /** @type {HTMLDetailsElement} */ (summary.parentNode).open = open;
        }
        if (isFocused) summary.focus({ preventScroll: true });
      });
    };
  }

  /**
   * Returns whether the reader has scrolled into an element, and does not follow the end.
   * @param {Element} element
   */
  function isReadInside(element) {
    const scroller = element.closest(PIN) ?? document.documentElement;
    const edge = Math.max(0, scroller.getBoundingClientRect().top);
    const { top, bottom } = element.getBoundingClientRect();
    return top < edge && edge < bottom && !followed.has(scroller);
  }

  /** @param {Element} source @param {string} name @param {object} [detail] */
  function dispatch(source, name, detail) {
    // The answer may have replaced the form.
    const target = source.isConnected ? source : document;
    target.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  // ---------------------------------------------------------------------------------------------
  // What the reader is told: notices, the state of a form, the line before the first words. The
  // source of a request is its form, or with htmx the element that sends it.
  // ---------------------------------------------------------------------------------------------

  /**
   * Returns a text for the reader: that of the source, of an element around it, of this file's
   * script element, or else the English one.
   * @param {Element} source
   * @param {...string} names the most specific one first
   */
  function findText(source, ...names) {
    const near = source.closest(String(names.map((name) => `[data-stream-${name}]`)));
    const texts = [near, script].flatMap((place) =>
      names.map((name) => place?.getAttribute("data-stream-" + name)),
    );
    const english = names.map((name) => ENGLISH[name]);
    return [...texts, ...english].find(Boolean) ?? "";
  }

  /** @param {string} tag @param {string} classes @param {string} text */
  function createElement(tag, classes, text) {
    const element = document.createElement(tag);
    element.className = classes;
    element.textContent = text;
    return element;
  }

  /** @param {Element | string} place */
  const findElement = (place) =>
    typeof place === "string" ? document.querySelector(place) : place;

  /**
   * Shows a text in the page's `role="status"`, which screen readers announce; "" empties it.
   * @param {string} text
   */
  function announce(text) {
    for (const status of document.querySelectorAll("[data-stream-status]")) {
      status.textContent = text && (status.getAttribute("data-stream-status") || text);
    }
  }

  /** @param {string} kind "error", "lost", "stopped" or "wait" @param {string} text */
  function createNotice(kind, text) {
    const notice = createElement("span", "streamhtml-notice streamhtml-notice-" + kind, text);
    notice.role = kind === "stopped" ? "status" : "alert";
    return notice;
  }

  /**
   * Shows the reader a notice of the client's.
   * @param {Element} source @param {Element | string} place
   * @param {string} kind @param {string} [text] @param {boolean} [canRetry]
   */
  function showNotice(source, place, kind, text = findText(source, kind), canRetry = true) {
    findElement(place)?.append(createNotice(kind, text));
    if (canRetry) offerRetry(source, place);
  }

  /** @param {ParentNode | null} place @param {string} selector */
  const remove = (place, selector) => place?.querySelector(selector)?.remove();

  const THINKING_DELAY = 2000; // ms

  /**
   * A request that has not ended.
   *
   * @typedef {object} Pending
   * @property {() => void} stop ends it, because the reader wants that
   * @property {HTMLElement} [line] says that the first words are awaited
   * @property {Element | string} [place] where the line is shown
   * @property {number} [timer] 0 when it is time for the line
   */

  /** By source. @type {Map<Element, Pending>} */
  const streaming = new Map();

  /** @param {Element} source whether it has an attribute of this client */
  const isMarked = (source) => /data-stream(-|,|$)/.test(String(source.getAttributeNames()));

  /** @param {Element} source whether it asks for streams only */
  const wantsStream = (source) => isMarked(source) || source.matches("[hx-ext*=streaming-html]");

  /**
   * Says that a request was sent, which can be stopped, and ends when the page has left.
   * @param {Pick<StreamRequest, "source" | "target" | "disconnect">} request
   * @returns {() => void} says that it has its response, and that no session shows that
   */
  function begin(request) {
    const { source, target, disconnect } = request;
    const stop = () => {
      showNotice(source, request.target, "stopped");
      release(source, stop);
      disconnect();
    };
    const waiting = {
      // When there is a session, it decides.
      hasLeft: () =>
        streaming.get(source)?.stop === stop &&
        [source, request.target].every(isGone) &&
        !isKept(source),
      leave: disconnect,
    };
    release(source);
    noteSent(source); // It moves the focus away from a button in the notice.
    remove(findElement(target), ":scope > .streamhtml-notice"); // of the last attempt
    occupy(source, target, stop, wantsStream(source));
    watch(waiting);
    return () => {
      unwatch(waiting);
      release(source, stop);
    };
  }

  /**
   * @param {Element} source @param {Element | string} target
   * @param {() => void} stop @param {boolean} isStream
   */
  function occupy(source, target, stop, isStream) {
    /** @type {Pending} */
    const pending = streaming.get(source) ?? { stop };
    pending.stop = stop;
    streaming.set(source, pending);
    if (pending.line || !isStream) return;
    pending.line = createElement("span", "streamhtml-thinking", findText(source, "thinking"));
    pending.place = target;
    pending.timer = setTimeout(() => {
      pending.timer = 0;
      showLine(pending);
    }, THINKING_DELAY);
    showState(source, "waiting");
    followAnswer(source);
  }

  /** @param {Pending} pending */
  function showLine({ place, line, timer }) {
    if (!timer && line) findElement(place ?? "")?.append(line);
  }

  /** @param {Pending} pending */
  function endLine(pending) {
    clearTimeout(pending.timer);
    pending.timer = -1;
    pending.line?.remove();
  }

  /**
   * Notes that a request has ended, unless another one has begun for the same source.
   * @param {Element} source @param {() => void} [stop] the one that was noted last
   */
  function release(source, stop) {
    const pending = streaming.get(source);
    if (!pending || pending.stop !== (stop ?? pending.stop)) return;
    streaming.delete(source);
    showEnded(source, pending);
  }

  /** @param {Element} source @param {Pending} pending */
  function showEnded(source, pending) {
    endLine(pending);
    remove(document, ".streamhtml-notice-wait");
    showState(source, "");
  }

  /** @param {Element} source @param {string} state "waiting", "answering" or "" */
  function showState(source, state) {
    if (source.getAttribute("data-streaming") === state) return;
    source.toggleAttribute("data-streaming", !!state);
    if (state) source.setAttribute("data-streaming", state);
    source.ariaBusy = state ? "true" : null;
    showStopButtons();
  }

  /** @param {Element} button */
  function stoppedBy(button) {
    const selector = button.getAttribute("data-stream-stop");
    return selector ? document.querySelector(selector) : button.closest("form");
  }

  function showStopButtons() {
    /** @type {NodeListOf<HTMLElement>} */
    const buttons = document.querySelectorAll("button[data-stream-stop]");
    for (const button of buttons) {
      const source = stoppedBy(button);
      const isHidden = !source?.hasAttribute("data-streaming");
      if (isHidden) leaveFocus(button, source);
      button.hidden = isHidden;
    }
  }

  /**
   * Keeps the focus in the form, when a button goes away.
   * @param {Element} button @param {Element | null} form
   */
  function leaveFocus(button, form) {
    if (button !== document.activeElement) return;
    /** @type {HTMLElement | null | undefined} */
    const send = form?.querySelector("button:not([type=button]),[type=submit]");
    send?.focus();
  }

  showStopButtons();
  document.addEventListener("DOMContentLoaded", showStopButtons);

  document.addEventListener("keydown", (event) => {
    // The code is 229 while a text is composed: then Escape belongs to the input method.
    if (event.keyCode !== 27 || event.defaultPrevented) return;
    // It first closes what is in front of the page.
    if (document.querySelector(":is(:modal,:popover-open)")) return;
    const source = [...streaming.keys()].findLast((each) => each.closest("[data-stream-escape]"));
    if (!source) return;
    event.preventDefault();
    streaming.get(source)?.stop();
  });

  // ---------------------------------------------------------------------------------------------
  // Asking again, and requests that fail.
  // ---------------------------------------------------------------------------------------------

  /**
   * What is known of a form.
   *
   * @typedef {object} Memory
   * @property {Pending} [pending] what had not ended when the form was submitted last
   * @property {HTMLElement | null} [submitter] of that; undefined if the form is sent without a
   *   submit event
   * @property {[string, FormDataEntryValue][]} [collected] from its fields, for the last time
   * @property {[string, FormDataEntryValue][]} [sent] with its last request
   * @property {boolean} [isReset] whether the form was reset since
   * @property {HTMLElement} [button] sends it again
   */

  const MEMORY = Symbol();
  /** @type {EventTarget | undefined} */
  let retrying;

  /** @param {any} form @returns {Memory} */
  const memoryOf = (form) => (form[MEMORY] ??= {});

  document.addEventListener("submit", ({ target, submitter }) => {
    const pending = streaming.get(/** @type {Element} */ (target));
    Object.assign(memoryOf(target), { submitter, pending });
  }, true);

  // After all that answers the event; htmx 4 and Turbo do so a little later.
  window.addEventListener("submit", ({ target }) => setTimeout(() => {
    const source = /** @type {Element} */ (target);
    const pending = streaming.get(source);
    if (!pending?.line || pending !== memoryOf(source).pending) return;
    remove(document, ".streamhtml-notice-wait");
    source.after(createNotice("wait", findText(source, "wait")));
  }));

  // Whatever collects the fields of a form: the browser lets others change the result.
  document.addEventListener("formdata", ({ target, formData }) => {
    const memory = memoryOf(target);
    memory.collected = [...formData];
    if (target !== retrying || !memory.sent) return;
    for (const [name] of memory.collected) formData.delete(name);
    for (const [name, value] of memory.sent) formData.append(name, value);
    memory.collected = memory.sent;
  });

  /** @param {Element} source */
  function noteSent(source) {
    const memory = memoryOf(source);
    if (memory.button) leaveFocus(memory.button, source);
    memory.button?.remove();
    if (!memory.sent || memory.collected !== memory.sent) memory.isReset = false;
    memory.sent = memory.collected;
  }

  /**
   * Resets a form when its answer begins; when it is sent again, only if it was not reset before.
   * @param {Element} source
   */
  function resetSent(source) {
    const memory = memoryOf(source);
    if (!source.matches("form[data-stream-reset]") || memory.isReset) return;
    memory.isReset = true;
    // Called on the prototype, because a field of the form may be named "reset".
    HTMLFormElement.prototype.reset.call(source);
  }

  /**
   * Adds a button to the last notice in a place. It sends again what was sent last.
   * @param {Element} source @param {Element | string} place
   */
  function offerRetry(source, place) {
    const memory = memoryOf(source);
    const { sent, submitter } = memory;
    if (!sent || submitter === undefined || !source.closest("[data-stream-retry]")) return;
    const button = createElement("button", "streamhtml-retry", findText(source, "retry"));
    const form = /** @type {HTMLFormElement} */ (source);
    button.setAttribute("type", "button");
    button.onclick = () => {
      const { noValidate } = form;
      retrying = form;
      form.noValidate = true; // It may be empty by now.
      submitter?.dispatchEvent(new Event("focusin", { bubbles: true })); // for htmx 2
      HTMLFormElement.prototype.requestSubmit.call(form, submitter?.isConnected ? submitter : null);
      form.noValidate = noValidate;
      retrying = undefined;
    };
    memory.button = button;
    const notices = findElement(place)?.querySelectorAll(".streamhtml-notice") ?? [];
    [...notices].at(-1)?.append(" ", button);
  }

  /**
   * Reports a request that did not become a stream.
   * @param {Element} source @param {Element | string} target
   * @param {unknown} problem the response, or the error if there is none
   */
  function reportFailure(source, target, problem) {
    const response = problem instanceof Response ? problem : undefined;
    const status = response?.status ?? 0;
    const error = response ? new Error(`${status} ${response.statusText}`) : problem;
    // After the time limit of htmx, the server may have been reached.
    const unreached = /timeout/.test(String(problem)) ? [] : ["offline"];
    const kinds = status ? [status, `${Math.floor(status / 100)}xx`] : unreached;
    const names = [...kinds.map((kind) => "error-" + kind), "error"];
    const text = findText(source, ...names);
    const isEnglish = names.some((name) => ENGLISH[name] === text);
    const language = isEnglish ? "" : source.closest("[lang]")?.getAttribute("lang");
    const after = response?.headers.get("Retry-After");
    const time = () => formatWait(after ?? "", language || "en") || findText(source, "later");
    showNotice(source, target, "error", text.replace("{time}", time), status !== 413);
    dispatch(source, "stream:error", { status, response, error });
  }

  /**
   * Returns "in 30 seconds", in the language; "" if that is not known.
   * @param {string} after a Retry-After: seconds or a date
   * @param {string} language
   */
  function formatWait(after, language) {
    const seconds = +after || (Date.parse(after) - Date.now()) / 1000;
    if (!(seconds > 0)) return "";
    const size = seconds < 100 ? 1 : seconds < 6000 ? 60 : 3600;
    const unit = size < 60 ? "second" : size < 3600 ? "minute" : "hour";
    try {
      return new Intl.RelativeTimeFormat(language).format(Math.ceil(seconds / size), unit);
    } catch {
      return ""; // That is no language.
    }
  }

  /** @param {string} html */
  const isDocument = (html) => /^\s*<(!doctype|html)/i.test(html);

  /**
   * Returns whether an error is not what the application has to say about this request, but a page
   * of its own or a proxy's. Some have words of their own here.
   * @param {Response} response @param {string} html
   */
  const isForeign = ({ status, headers }, html) =>
    /^(401|413|429|5..)$/.test(String(status)) ||
    !/html/.test(headers.get("Content-Type") ?? "") ||
    isDocument(html);

  // ---------------------------------------------------------------------------------------------
  // Following: while the reader follows, an element with data-stream-pin stays scrolled to its
  // bottom, whatever changes its size or its content. The reader begins to follow when they send a
  // question or reach the bottom. They stop when they scroll up.
  // ---------------------------------------------------------------------------------------------

  const PIN = "[data-stream-pin]";
  const INPUT_TIME = 300; // ms in which an input begins to scroll, if nothing else scrolls

  /**
   * What was last seen of a scrolling element.
   * @typedef {object} Seen
   * @property {number} top its position
   * @property {number} end the position of its bottom
   * @property {number} goal the position of its bottom when the reader last did something
   * @property {boolean} hidden whether there is no reason to show the button to its bottom
   */

  /** @type {WeakMap<Element, Seen>} */
  const seen = new WeakMap();
  /** The scrolling elements whose bottom the reader follows. */
  const followed = new WeakSet();
  /** Is not 0 while the reader may begin to scroll up. */
  let inputTimer = 0;
  /** Is not 0 while a button of the pointer is down: it may drag a scrollbar or a selection. */
  let pressed = 0;
  const mayScroll = () => inputTimer || pressed;

  /**
   * Finds out what has changed, and scrolls to the bottom if the reader follows.
   * @param {HTMLElement} scroller
   * @param {boolean} [isInput] whether the reader does something
   */
  function update(scroller, isInput) {
    const last = seen.get(scroller) ?? watchScroller(scroller);
    const range = scroller.scrollHeight - scroller.clientHeight;
    const end = getComputedStyle(scroller).flexDirection === "column-reverse" ? 0 : range;
    const position = () => Math.min(scroller.scrollTop, end); // Safari goes further, and returns.
    const top = position();
    const isResized = end !== last.end;
    // If both have changed, something above the view has changed.
    if (isInput || (isResized && top !== last.top)) last.goal = end;
    // If the size has changed, the browser may have moved the position.
    if (top < last.top && top < end && (mayScroll() || !isResized)) followed.delete(scroller);
    // What is not shown, such as a closed dialog, has no range either.
    const isWhole = range < Math.min(1, scroller.clientHeight);
    if (isWhole || (top > last.top && top > Math.min(last.goal, end) - 2)) followed.add(scroller);
    if (followed.has(scroller) && !mayScroll()) {
      scroller.scrollTo({ top: scroller.scrollHeight, behavior: "instant" });
    }
    last.top = position();
    last.end = end;
    showLatest(scroller, last);
  }

  /** @param {HTMLElement} scroller @param {Seen} last */
  function showLatest(scroller, last) {
    const hidden = followed.has(scroller) || !scroller.querySelector("[aria-busy=true]");
    if (hidden === last.hidden) return;
    last.hidden = hidden;
    for (const button of all("[data-stream-latest]")) {
      if (!pinnedNear(button).includes(scroller)) continue;
      if (document.activeElement === button) scroller.focus({ preventScroll: true });
      button.hidden = hidden;
    }
  }

  /** @param {HTMLElement} scroller */
  function watchScroller(scroller) {
    const last = { top: -1, end: 0, goal: 0, hidden: true };
    seen.set(scroller, last);
    const sizes = new ResizeObserver(() => update(scroller));
    const observe = () => {
      for (const element of [scroller, ...scroller.children]) sizes.observe(element);
      // Otherwise, a layout in the middle of a change could move the position.
      if (followed.has(scroller)) update(scroller);
    };
    new MutationObserver(observe).observe(scroller, { childList: true, subtree: true });
    observe();
    return last;
  }

  /** @param {HTMLElement} scroller */
  function follow(scroller) {
    update(scroller); // The reader may have scrolled up before.
    inputTimer = 0;
    followed.add(scroller);
    update(scroller);
  }

  /** @param {string} selector @returns {any[]} */
  const all = (selector) => [...document.querySelectorAll(selector)];

  /**
   * Returns the pinned element around this one, or those that have the nearest ancestor in common
   * with it. A pinned page is always among them.
   * @param {Element} element
   */
  function pinnedNear(element) {
    const near = element.closest(`${PIN},:has(${PIN})`);
    return all(PIN).filter((each) => each.contains(near) || near?.contains(each));
  }

  /**
   * Follows the answer to what the reader has asked.
   * @param {Element} source
   */
  function followAnswer(source) {
    // The page itself sends other requests, such as one that resumes an answer.
    if (source.closest("form,button,a")) pinnedNear(source).forEach(follow);
  }

  /** @param {any} event */
  function updateAll({ type, target, key, deltaY, shiftKey }) {
    // A script may dispatch an event on the document, too.
    const closest = (/** @type {string} */ selector) => target?.closest?.(selector);
    const isClick = type === "click";
    const isUpKey = /^(ArrowUp|PageUp|Home)$/.test(key) || (key === " " && shiftKey);
    const isOnScrollbar = type === "pointerdown" && closest(PIN) === target;
    if (isUpKey || isOnScrollbar || (deltaY < 0 && closest(PIN)) || (isClick && closest("a"))) {
      inputTimer = setTimeout(() => {
        inputTimer = 0;
        updateAll({});
      }, INPUT_TIME);
    }
    const button = isClick && closest("[data-stream-latest]");
    if (button) pinnedNear(button).forEach(follow);
    // What a browser scrolls for the <body> is the root element.
    if (document.body?.matches(PIN)) document.documentElement.setAttribute("data-stream-pin", "");
    for (const scroller of all(PIN)) update(scroller, type !== "scroll");
  }

  const changes = ["DOMContentLoaded", "load", "stream:end", "scroll"];
  for (const name of [...changes, "wheel", "keydown", "pointerdown", "click"]) {
    document.addEventListener(name, updateAll, { capture: true, passive: true });
  }
  addEventListener("resize", updateAll);
  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
    document.addEventListener(name, (/** @type {any} */ { buttons }) => (pressed = buttons), true);
  }

  // ---------------------------------------------------------------------------------------------
  // The session: one reply, from the response's headers to its end. It ends exactly once, and then
  // says so. Whatever the reason is, everything that has arrived is shown first.
  // ---------------------------------------------------------------------------------------------

  const IDLE_TIMEOUT = 60; // s without a byte; the server pings more often
  // s between the outcome and the end of the body. On a busy machine, one is not always enough,
  // and htmx would report a complete answer as an aborted request.
  const CLOSE_TIMEOUT = 3;
  const STOP_TIMEOUT = 5; // s from the reader's stop to the end of the body
  const KEEPALIVE_LIMIT = 60_000; // characters of the request; browsers allow 64 KiB in all
  const RESUME_ATTEMPTS = 6;
  const RESUME_DELAY = 250; // ms before the first attempt, at least; doubled for each further one

  const LEAVE_DELAY = 200; // ms; what only moves is back by then

  /**
   * What ends when it has left the page.
   * @typedef {object} Watched
   * @property {() => boolean} hasLeft
   * @property {() => void} leave
   * @property {(busy: boolean) => void} [setBusy]
   */

  /** @type {Map<Watched, boolean>} whether each was off the page at the last look */
  const watched = new Map();
  let lookTimer = 0;
  const observer = new MutationObserver(lookSoon);

  function lookSoon() {
    lookTimer ||= setTimeout(() => {
      lookTimer = 0;
      for (const [each, wasOff] of watched) {
        const isOff = each.hasLeft();
        watched.set(each, isOff);
        if (isOff) wasOff ? each.leave() : lookSoon();
      }
    }, LEAVE_DELAY);
  }

  /** @param {Watched} each */
  function watch(each) {
    observer.observe(document, { childList: true, subtree: true });
    watched.set(each, false);
  }

  /** @param {Watched} each */
  function unwatch(each) {
    watched.delete(each);
    if (!watched.size) observer.disconnect();
  }

  /** @param {Element | string} place */
  const isGone = (place) => place instanceof Element && !place.isConnected;

  /** @param {Element | undefined} element */
  const isKept = (element) => element?.closest("[data-stream-keep]");

  class Session {
    #request;
    #framer;
    #applier;
    #sink;
    #format;
    #stopURL;
    #resumeURL;
    #index; // of the next fragment of the body
    #received; // how many fragments the session has, in the queue or on the page
    #outcome = "";
    #aborted = false; // The page wants no more.
    #stopped = false; // The reader wants no more.
    /** @type {number | undefined} */
    #idleTimer;
    /** @type {Promise<string> | undefined} */
    #ended;
    #stop = () => this.stop();
    /** Ends the pause before an attempt to resume. */
    #endPause = () => {};

    /** Ends what the session waits for now. @param {string} reason */
    #interrupt = (reason) => {
      this.close(reason);
      this.#request.disconnect();
    };

    /**
     * @param {StreamRequest} request
     * @param {Stream} stream
     */
    constructor(request, { turbo, follows, framer, index }) {
      const { source, target, insert, header } = request;
      this.#request = request;
      this.#framer = framer;
      this.#format = turbo ? "turbo" : "html";
      const byTurbo = turbo || follows;
      this.#applier = byTurbo ? new TurboApplier(follows) : new HTMLApplier(insert);
      this.#sink = new Sink((fragments) => this.#write(fragments));
      this.#index = this.#received = index;
      // An XMLHttpRequest that was aborted has no headers any more.
      this.#stopURL = header(REQUEST_HEADER + "-Stop");
      this.#resumeURL = header(REQUEST_HEADER + "-Resume");
      occupy(source, target, this.#stop, true);
      request.onOpen?.(this);
      watch(this);
      this.#restartIdleTimer();
      announce("");
      dispatch(source, "stream:start");
      resetSent(source);
    }

    /** Takes more of the body. @param {string} text @param {boolean} [_isLast] */
    push(text, _isLast) {
      try {
        for (const fragment of this.#framer.push(text)) {
          fragment.index = this.#index++;
          if (fragment.index < this.#received) continue; // It is there already.
          this.#received++;
          this.#outcome ||= fragment.outcome;
          this.#sink.push(fragment);
        }
        this.#restartIdleTimer();
      } catch (error) {
        reportError(error);
        this.#interrupt("incomplete"); // A body that cannot be understood is read no further.
      }
    }

    /**
     * Says that the body has ended.
     * @param {string} reason why, if the server did not say it
     * @returns {string | Promise<string>} how the reply ended, which is known later if it was
     *   resumed
     */
    close(reason) {
      return (this.#ended ??= this.#end(reason));
    }

    /** Closes the connection, because the page wants no more of the reply. */
    abort() {
      this.#aborted = true;
      this.#interrupt("aborted");
    }

    /**
     * Ends the reply because the reader wants no more of it. A server that has a URL for this ends
     * the body, so that it knows why. The second time, the connection is closed.
     */
    stop() {
      const { source, headers } = this.#request;
      const url = this.#stopURL;
      if (this.#outcome) return; // It has ended already.
      this.#stopped = true;
      if (!url || this.#aborted) return this.abort();
      this.#aborted = true;
      this.#sink.hold();
      clearTimeout(this.#idleTimer);
      this.#idleTimer = setTimeout(() => this.abort(), STOP_TIMEOUT * 1000);
      const form = source.closest("form"); // Its fields say who asks, in any framework.
      const body = form && new URLSearchParams(/** @type {any} */ (new FormData(form)));
      // The browser refuses to keep a long request alive.
      const keepalive = String(body).length < KEEPALIVE_LIMIT;
      fetch(url, { method: "POST", keepalive, headers, body })
        .then((response) => response.text().then(() => response.ok))
        .catch(reportError)
        .then((ok) => {
          if (!ok) this.abort();
        });
      this.#endPause();
    }

    hasLeft() {
      const place = this.#applier.noticePlace();
      if (isKept(this.#request.source) || isKept(place)) return false;
      return this.#applier.hasLeft() ?? isGone(this.#request.target);
    }

    /** Ends the reply because the page has removed the message. */
    leave() {
      this.#sink.clear();
      this.abort();
    }

    /** @param {boolean} busy */
    setBusy(busy) {
      this.#applier.setBusy(busy);
    }

    #restartIdleTimer() {
      if (this.#aborted) return;
      clearTimeout(this.#idleTimer);
      const { source, idle = IDLE_TIMEOUT } = this.#request;
      const seconds = this.#outcome
        ? CLOSE_TIMEOUT
        : +(source.getAttribute("data-stream-idle") ?? idle);
      if (seconds) {
        this.#idleTimer = setTimeout(() => this.#interrupt("timeout"), seconds * 1000);
      }
    }

    /** @param {Fragment[]} fragments */
    async #write(fragments) {
      // Before the message is there, it needs its place.
      if (isGone(this.#request.target) && this.#applier.hasLeft() === undefined) {
        return this.hasLeft() ? this.leave() : undefined;
      }
      // The reader may have scrolled up since the last frame.
      for (const scroller of all(PIN)) update(scroller);
      const pending = this.#pending;
      pending?.line?.remove();
      await this.#applier.apply(fragments);
      if (pending) this.#showProgress(pending, fragments);
      for (const { index } of fragments) {
        dispatch(this.#request.source, "stream:fragment", { index });
        dispatch(this.#request.source, "chunk", { count: index });
      }
    }

    get #pending() {
      const pending = streaming.get(this.#request.source);
      return pending?.stop === this.#stop ? pending : undefined;
    }

    /** @param {Pending} pending @param {Fragment[]} fragments what is on the page now */
    #showProgress(pending, fragments) {
      const { source, target } = this.#request;
      const place = this.#applier.noticePlace();
      pending.place = place ?? target;
      const hasWords = place?.matches(".streamhtml") && place.textContent;
      if (hasWords || fragments.at(-1)?.index) endLine(pending);
      else showLine(pending);
      if (fragments.length) showState(source, "answering");
    }

    /** @param {string} reason */
    async #end(reason) {
      const { source } = this.#request;
      clearTimeout(this.#idleTimer);
      await this.#sink.flush();
      if (isLost(reason)) await this.#resume();
      reason = this.#outcome || (this.#aborted ? "aborted" : reason);
      this.setBusy(false);
      this.#showEnd(reason);
      release(source, this.#stop);
      unwatch(this);
      dispatch(source, "stream:end", { reason });
      return reason;
    }

    /** Tells the reader how the reply has ended, if the server has not. @param {string} reason */
    #showEnd(reason) {
      const { source, target } = this.#request;
      const place = this.#applier.noticePlace() ?? target;
      const kind = isLost(reason) ? "lost" : reason === "aborted" && this.#stopped && "stopped";
      if (kind) showNotice(source, place, kind);
      else if (/failed|interrupted|stopped/.test(reason)) offerRetry(source, place);
      if (reason === "finished") announce(findText(source, "complete"));
    }

    /** Asks for what was missed, if the server keeps it. */
    async #resume() {
      const url = this.#resumeURL;
      for (let attempt = 0; attempt < RESUME_ATTEMPTS; attempt++) {
        if (!url || this.#outcome || this.#aborted) return;
        // A random delay, so that clients whose server was restarted do not all come at once.
        await new Promise((done) => {
          this.#interrupt = this.#endPause = () => done(0);
          setTimeout(done, RESUME_DELAY * 2 ** attempt * (1 + Math.random()));
        });
        if (this.#aborted || !(await this.#readAgain(url))) return;
      }
    }

    /**
     * Reads the rest of the reply from another response.
     * @param {string} url
     * @returns {Promise<boolean>} whether it is worth trying again if the reply has not ended
     */
    async #readAgain(url) {
      const controller = new AbortController();
      this.#interrupt = () => controller.abort();
      this.#restartIdleTimer();
      try {
        const response = await fetch(url, {
          headers: {
            ...this.#request.headers,
            [REQUEST_HEADER]: this.#format,
            "Last-Event-ID": String(this.#received - 1),
          },
          signal: controller.signal,
        });
        const stream = readContentType(response.headers.get("Content-Type"));
        if (stream) {
          this.#framer = stream.framer;
          this.#index = stream.index;
          this.#received = Math.max(this.#received, stream.index);
          await readBody(response, (text) => this.push(text));
        } else if (response.status < 500) return false; // The server has nothing more to say.
      } catch {
        // The network is still down.
      }
      clearTimeout(this.#idleTimer);
      await this.#sink.flush();
      return !this.#aborted;
    }
  }

  /** @param {string} reason */
  const isLost = (reason) => reason === "incomplete" || reason === "timeout";

  /**
   * Begins to show the reply to a request.
   * @param {StreamRequest} request
   * @returns {Reader | undefined} what takes the body; nothing if the response is an ordinary one
   */
  function openReader(request) {
    const { header, mayLackMarks } = request;
    // With one of these, htmx leaves the page or the place, whatever the body is.
    if (["HX-Redirect", "HX-Location", "HX-Refresh"].some(header)) return;
    const type = header("Content-Type") ?? "";
    const stream = readContentType(type);
    if (stream) return new Session(request, stream);
    const isHTML = /^text\/(html|event-stream)\b/i.test(type);
    return mayLackMarks && isHTML ? readElements(request) : undefined;
  }

  /**
   * Reads a body to its end, as one stream of UTF-8.
   * @param {Response} response
   * @param {(text: string, isLast?: boolean) => void} push
   * @param {AbortSignal} [signal] ends the reading, if the request has no signal of its own
   */
  async function readBody(response, push, signal) {
    const decoder = new TextDecoder();
    // Chromium reports a `no-store` body that a reader has read to its end as net::ERR_ABORTED,
    // but not if the response was cloned.
    void response.clone().body?.cancel();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    signal?.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    for (;;) {
      const { done, value } = await reader.read();
      push(decoder.decode(value, { stream: !done }), done);
      if (done) break;
    }
  }

  /**
   * Reads a body into a session. Throws an error of the network, unless the reply was resumed and
   * brought to its end.
   * @param {Response} response @param {Reader} reader @param {AbortSignal} [signal]
   */
  async function readInto(response, reader, signal) {
    try {
      await readBody(response, (text, isLast) => reader.push(text, isLast), signal);
      await reader.close("incomplete");
    } catch (error) {
      const reason = await reader.close("incomplete");
      if (isLost(reason) || reason === "aborted") throw error;
    }
  }

  document.addEventListener("click", (event) => {
    const button = /** @type {any} */ (event.target).closest?.("[data-stream-stop]");
    const pending = button && streaming.get(/** @type {Element} */ (stoppedBy(button)));
    if (!pending) return;
    event.preventDefault();
    // The second click on a send button must not stop the answer, if this one has taken its place.
    if (event.detail < 2) pending.stop();
  });

  // ---------------------------------------------------------------------------------------------
  // A body without marks, as a view sends it that yields the whole message again for each token, or
  // as the `htmx` format has it. Each element at its top level is a fragment, as soon as its end
  // has arrived. htmx swaps it out of band, or inserts it.
  // ---------------------------------------------------------------------------------------------

  const ORDINARY_WAIT = 50; // ms; a body that has ended by then may be an ordinary response
  const PAGE = /^\s*<(!doctype|html|head|body)\b/i;
  // The body changes an element out of band that it has inserted itself. htmx alone would look for
  // it before it inserts anything.
  const CHANGES_ITSELF =
    /^(?=[^]*swap-oob=)[^]*?\bid=["']?([\w-]+)\b[^]+?(\bid=["']?|-oob=["'][^"'#]*#)\1\b/;

  /** @param {string} html @param {string} [action] @returns {Fragment} a fragment of one patch */
  const fragment = (html, action = "") => ({
    patches: [{ action, root: "", at: "", html }],
    outcome: "",
  });

  /**
   * Reads such a body, and begins a session for it, unless it is an ordinary response. This is left
   * to htmx, as `text`.
   * @param {StreamRequest} request
   * @returns {Reader}
   */
  function readElements(request) {
    // The browser's own parser finds the elements. After each ">", it gets a comment with the
    // position. If this comment is at the top level, so is the end of the element before it.
    const parser = document.implementation.createHTMLDocument();
    parser.write(trusted("<template>"));
    const { content } = /** @type {HTMLTemplateElement} */ (parser.head.firstChild);
    let body = "";
    let text = ""; // after the last complete element
    let isStream = false;
    let end = "";
    /** @type {Fragment[]} what the session has not got yet */
    const ready = [];
    /** @type {Session | undefined} */
    let session;

    /** @param {number} length @param {string} action */
    function complete(length, action) {
      ready.push(fragment(text.slice(0, length), action));
      text = text.slice(length);
    }

    function show() {
      if (!ready.length || PAGE.test(body)) return;
      const framer = { push: () => ready.splice(0) };
      session ??= new Session({ ...request, idle: 0 }, { framer, index: 0 });
      session.push("");
    }

    const timer = setTimeout(() => {
      isStream = !request.header("Content-Length");
      if (isStream) show();
    }, ORDINARY_WAIT);

    return {
      push(more, isLast) {
        const position = text.length + 1;
        let start = 0;
        text += more;
        if (!session) body += more;
        parser.write(trusted(more.replace(/>/g, (_, at) => `><!${position + at}>`)));
        for (const node of [...content.childNodes]) {
          const element = node instanceof Comment && node.previousElementSibling;
          if (!element) continue;
          complete(+node.data - start, element.matches(OUT_OF_BAND) ? "swap" : "open");
          start = +node.data;
          while (content.firstChild !== node) content.firstChild?.remove();
        }
        if (isLast && !content.firstElementChild) {
          end = "finished";
          if (text.trim()) complete(text.length, "open");
        }
        if (isStream || (isLast && CHANGES_ITSELF.test(body))) show();
      },
      close(reason) {
        clearTimeout(timer);
        return session?.close(end || reason) ?? reason;
      },
      get text() {
        return session ? "" : body;
      },
    };
  }

  // ---------------------------------------------------------------------------------------------
  // Plain forms: <form data-stream="#messages beforeend"> is sent as the browser would send it. The
  // same form is not sent again while its answer streams.
  // ---------------------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement)) return;
    if (!form.matches("[data-stream]")) return;
    event.preventDefault();
    if (!streaming.has(form)) sendForm(form, event.submitter);
  });

  /** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
  async function sendForm(form, submitter) {
    const controller = new AbortController();
    const disconnect = () => controller.abort();
    const [, selector, , position = "beforeend"] = /** @type {RegExpMatchArray} */ (
      /^(.*?)( (\w+(begin|end|HTML)))?$/.exec(/** @type {string} */ (form.dataset.stream))
    );
    const target = document.querySelector(selector || "body");
    if (!target) throw new Error("data-stream: no " + selector);
    const request = {
      source: form,
      /** Another answer may have replaced it. */
      get target() {
        if (target.isConnected || !form.isConnected) return target;
        return document.querySelector(selector || "body") ?? target;
      },
      insert(/** @type {string} */ html) {
        const place = /** @type {any} */ (request.target);
        if (/HTML/.test(position)) place[position] = trusted(html);
        else place.insertAdjacentHTML(position, trusted(html));
      },
      disconnect,
    };
    const options = formRequest(form, submitter, controller.signal);
    const done = begin(request);
    let hasSession = false;
    try {
      const response = await fetch(...options);
      const header = (/** @type {string} */ name) => response.headers.get(name);
      const session = openReader(Object.assign(request, { header }));
      hasSession = !!session;
      if (session) await readInto(response, session);
      else if (response.redirected) location.assign(response.url);
      else if (response.ok) request.insert(await response.text());
      else reportFailure(form, target, response);
    } catch (error) {
      // A session has already reported its end.
      if (!hasSession && !controller.signal.aborted) reportFailure(form, target, error);
    } finally {
      done();
    }
  }

  /**
   * @param {HTMLFormElement} form @param {HTMLElement | null} submitter @param {AbortSignal} signal
   * @returns {[URL, RequestInit]}
   */
  function formRequest(form, submitter, signal) {
    const attribute = (/** @type {string} */ name) =>
      submitter?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
    const url = new URL(attribute("action") || location.href, document.baseURI);
    const method = attribute("method").toUpperCase() || "GET";
    const data = new FormData(form, submitter);
    const query = /** @type {any} */ (new URLSearchParams(/** @type {any} */ (data)));
    const headers = { [REQUEST_HEADER]: "html" };
    if (method === "GET") {
      url.search = query;
      return [url, { headers, signal }];
    }
    const body = attribute("enctype") === "multipart/form-data" ? data : query;
    return [url, { method, headers, signal, body }];
  }

  // ---------------------------------------------------------------------------------------------
  // htmx 2: an extension, which reads the body from the XMLHttpRequest while it arrives. htmx
  // continues when the reply has ended, and then swaps nothing: the message was swapped in when its
  // first fragment arrived, with the events and headers that belong to a swap.
  // ---------------------------------------------------------------------------------------------

  /** @param {any} htmx */
  function extendHtmx2(htmx) {
    /** @type {any} htmx's internal API, which it passes to extensions */
    let api;
    /** @type {WeakSet<XMLHttpRequest>} requests that stream */
    const streams = new WeakSet();

    swapByHtmx = (html) => htmx.swap("body", html, { swapStyle: "none" });
    htmx.defineExtension("streaming-html", {
      init(/** @type {any} */ internal) {
        api = internal;
      },
      onEvent(/** @type {string} */ name, /** @type {CustomEvent} */ { detail }) {
        if (name === "htmx:configRequest") detail.headers[REQUEST_HEADER] ??= "html";
        if (name === "htmx:beforeSend") readXHR(htmx, api, detail, streams);
        if (/:(sendError|responseError|timeout)$/.test(name) && !streams.has(detail.xhr)) {
          reportFailure(detail.elt, detail.target, readResponse(detail.xhr) ?? detail.error);
        }
        return true;
      },
    });
    // Events of a swap are fired on its target, which may be outside of the extension's element, in
    // two spellings. The page has already heard about the swap that inserted the message, so it
    // does not hear about the one at the end, which inserts nothing.
    const events = ["beforeSwap", "before-swap", "afterSwap", "after-swap"];
    for (const name of [...events, "afterSettle", "after-settle"]) {
      const suppress = (/** @type {Event} */ event) => {
        const { detail } = /** @type {CustomEvent} */ (event);
        if (!streams.has(detail.xhr) || detail.inserted === false) return;
        Object.assign(detail, { serverResponse: "", swapOverride: "none" });
        if (detail.inserted) event.stopImmediatePropagation();
      };
      document.addEventListener("htmx:" + name, suppress, true);
    }
  }

  /** @param {XMLHttpRequest} xhr @returns {Response | undefined} what fetch() would return */
  function readResponse(xhr) {
    const { status, statusText, responseText } = xhr;
    const found = xhr.getAllResponseHeaders().matchAll(/(.+?): (.*)\r\n/g);
    const headers = /** @type {any} */ ([...found].map(([, ...pair]) => pair));
    return status ? new Response(responseText, { status, statusText, headers }) : undefined;
  }

  /**
   * Returns whether the reader should go where a request was redirected to, such as a page to sign
   * in. A page may also be what htmx was asked for: to show it, or a part of it.
   * @param {any} api @param {any} detail htmx's responseInfo
   */
  function isAway(api, { elt, target, xhr, boosted, select }) {
    const isPart = boosted || (select ?? api.getClosestAttributeValue(elt, "hx-select"));
    const isUnasked = !isPart && target !== document.body && isDocument(xhr.responseText);
    return isUnasked || wantsStream(elt);
  }

  /**
   * Reads the response to one request of htmx 2 while it arrives.
   * @param {any} htmx @param {any} api
   * @param {any} detail htmx's responseInfo. `inserted` is added to it: false in the events of the
   *   swap that inserts the message, true in those after it.
   * @param {WeakSet<XMLHttpRequest>} streams
   */
  function readXHR(htmx, api, detail, streams) {
    const { elt, target, xhr } = detail;
    /** @type {Reader | undefined} */
    let reader;
    let read = 0; // characters of the body
    let letHtmxContinue = () => {};

    const find = (/** @type {string} */ selector) => api.querySelectorExt(elt, selector);
    const isRedirected = () => {
      const { href } = new URL(detail.pathInfo.finalRequestPath, document.baseURI);
      return xhr.responseURL !== href.split("#")[0]; // to a page to sign in, for example
    };

    function open() {
      const { headers } = detail.requestConfig;
      // fetch() refuses others.
      const latin1 = Object.entries(headers).filter(([, value]) => !/[^\0-\xff]/.test(value));
      const selector = xhr.getResponseHeader("HX-Retarget");
      const place = !selector ? target : selector === "this" ? elt : find(selector);
      return openReader({
        source: elt,
        target: place,
        insert: (html) => insertByHtmx2(htmx, api, detail, place, html),
        disconnect: xhr.abort.bind(xhr),
        header: (name) => xhr.getResponseHeader(name),
        headers: Object.fromEntries(latin1),
        mayLackMarks: xhr.status < 300 && !isRedirected(),
        onOpen(session) {
          xhr.timeout = 0; // It would limit the whole request.
          streams.add(xhr);
          xhr.abort = () => {
            session.abort();
            letHtmxContinue();
          };
        },
      });
    }

    function readNewText(isLast = false) {
      reader ??= open();
      if (!reader) return;
      const text = xhr.responseText.slice(read); // empty after an error
      read += text.length;
      reader.push(text, isLast);
    }

    // Until the response begins, this can be stopped too.
    const done = begin({ source: elt, target, disconnect: () => xhr.abort() });
    xhr.addEventListener("loadend", done);
    // In the last of these events, the request cannot be aborted any more: htmx would wait for ever.
    xhr.addEventListener("progress", () => xhr.readyState < 4 && readNewText());
    // htmx continues when everything is on the page. After its own abort, it does not wait.
    for (const name of ["onload", "onerror", "onabort"]) {
      const htmxListener = xhr[name];
      xhr[name] = async (/** @type {Event} */ event) => {
        if (name === "onload") readNewText(true);
        if (name === "onload" && !reader && isRedirected() && isAway(api, detail)) {
          streams.add(xhr); // htmx inserts nothing.
          location.assign(xhr.responseURL);
        }
        letHtmxContinue = () => {
          letHtmxContinue = () => {};
          htmxListener.call(xhr, event);
        };
        if (reader) await reader.close("incomplete");
        letHtmxContinue();
      };
    }
  }

  /**
   * Swaps the message in as htmx 2 swaps a response. At the end of the body, where htmx would do
   * this itself, listeners could not change anything any more.
   * @param {any} htmx @param {any} api @param {any} detail @param {Element} target
   * @param {string} html
   * @returns {Promise<unknown>} resolves after the swap
   */
  function insertByHtmx2(htmx, api, detail, target, html) {
    const { elt, xhr, etc } = detail;
    const header = (/** @type {string} */ name) => xhr.getResponseHeader(name);
    const attribute = (/** @type {string} */ name) => api.getClosestAttributeValue(elt, name);
    const info = {
      ...detail,
      target,
      shouldSwap: true,
      serverResponse: html,
      swapOverride: header("HX-Reswap") ?? etc.swapOverride,
      inserted: false,
    };
    detail.inserted = true;
    return new Promise((done) => {
      if (!api.triggerEvent(target, "htmx:beforeSwap", info) || !info.shouldSwap) return done(0);
      htmx.swap(
        info.target,
        info.serverResponse,
        api.getSwapSpecification(elt, info.swapOverride),
        {
          select: header("HX-Reselect") ?? detail.select ?? attribute("hx-select"),
          selectOOB: etc.selectOOB ?? attribute("hx-select-oob"),
          contextElement: elt,
          eventInfo: info,
          afterSwapCallback: done,
        },
      );
    });
  }

  // ---------------------------------------------------------------------------------------------
  // htmx 4: an extension, which replaces the function that htmx calls for the text of a response.
  // htmx gets an empty text when the reply is on the page, and continues with the rest of its
  // request.
  // ---------------------------------------------------------------------------------------------

  /** @param {any} htmx */
  function extendHtmx4(htmx) {
    swapByHtmx = (text) =>
      htmx.swap({
        sourceElement: document.body,
        target: "body",
        swap: "none",
        push: "false",
        text: text.replace(/^\s*<template>|<\/template>$/g, ""), // where htmx 4 looks for nothing
      });
    htmx.registerExtension("streaming-html", {
      init(/** @type {any} */ api) {
        // Under Trusted Types, htmx needs a policy too. We never send the text of a script.
        const createScript = (/** @type {string} */ text) => text;
        api.initSecurity?.({ createHTML: trusted, createScript });
      },
      htmx_config_request(/** @type {Element} */ _, /** @type {any} */ { ctx }) {
        if (ctx.request.abort) ctx.request.headers[REQUEST_HEADER] ??= "html";
      },
      htmx_before_request(/** @type {Element} */ source, /** @type {any} */ { ctx }) {
        const { target, request } = ctx;
        const disconnect = request.abort;
        // htmx calls an extension for every request.
        if (wantsStream(source)) ctx.endWaiting = begin({ source, target, disconnect });
      },
      htmx_finally_request(/** @type {Element} */ _, /** @type {any} */ { ctx }) {
        ctx.endWaiting?.();
      },
      htmx_error(/** @type {Element} */ source, /** @type {any} */ { ctx, error }) {
        if (wantsStream(source) && ctx && !ctx.response && error.name !== "AbortError") {
          reportFailure(source, ctx.target, error);
        }
      },
      htmx_before_response(/** @type {Element} */ source, /** @type {any} */ { ctx }) {
        const response = ctx.response.raw;
        const target = ctx.hx.retarget ?? ctx.target;
        const swap = ctx.hx.reswap ?? ctx.swap;
        const hasExtension = !!source.closest("[hx-ext*=streaming-html]");
        const reader = openReader({
          source,
          target,
          // The message is inserted by the request's only swap, with its history and its events.
          insert(text) {
            const select = ctx.hx.reselect ?? ctx.select;
            return htmx.swap(
              Object.assign(ctx, { text, target, swap, select, status: "streaming" }),
            );
          },
          disconnect: ctx.request.abort,
          header: (name) => response.headers.get(name),
          headers: ctx.request.headers,
          mayLackMarks: hasExtension && response.ok && !response.redirected,
          onOpen(session) {
            ctx.request.abort = () => session.abort();
            clearTimeout(ctx.requestTimeout); // It would limit the whole request.
            ctx.swap = ctx.hx.reswap = "none";
          },
        });
        if (!reader) return wantsStream(source) ? keepOut(source, ctx) : undefined;
        response.text = async () => {
          await readInto(response, reader);
          return reader.text ?? "";
        };
      },
    });
  }

  /**
   * Keeps pages out of the place of an answer, which htmx 4 would insert: one to sign in, to which
   * a request was redirected, and the error page of a proxy.
   * @param {Element} source @param {any} ctx
   */
  function keepOut(source, ctx) {
    const { raw } = ctx.response;
    // With these, the application says itself what to do.
    const isOwn = Object.keys(ctx.hx)[0] || /hx-status/.test(String(source.getAttributeNames()));
    if (raw.ok ? !raw.redirected : isOwn) return;
    raw.text = async () => {
      const text = await raw.clone().text();
      if (raw.redirected) location.assign(raw.url);
      else if (isForeign(raw, text)) reportFailure(source, ctx.target, raw.clone());
      else return text;
      ctx.swap = ctx.hx.reswap = "none";
      return "";
    };
  }

  const { htmx } = /** @type {any} */ (window);
  if (htmx?.registerExtension) extendHtmx4(htmx);
  else if (htmx) extendHtmx2(htmx);

  // ---------------------------------------------------------------------------------------------
  // Turbo: a fetched response of <turbo-stream> elements, which Turbo itself would only apply when
  // all of it has arrived. Turbo sends the request, and treats every other response as always.
  // ---------------------------------------------------------------------------------------------

  /** @type {WeakMap<Element, any>} the options with which Turbo has called fetch() */
  const turboRequests = new WeakMap();

  document.addEventListener("turbo:before-fetch-request", (event) => {
    const source = /** @type {Element} */ (event.target);
    turboRequests.set(source, /** @type {CustomEvent} */ (event).detail.fetchOptions);
  });

  document.addEventListener("turbo:submit-start", (event) => {
    const source = /** @type {Element} */ (event.target);
    const { formSubmission } = /** @type {CustomEvent} */ (event).detail;
    if (!isMarked(source)) return;
    const disconnect = () => formSubmission.stop();
    const done = begin({ source, target: source, disconnect });
    source.addEventListener("turbo:submit-end", done, { once: true });
  });

  // Turbo listens on the window, and so comes after this.
  document.addEventListener("turbo:before-fetch-response", (event) => {
    const source = /** @type {Element} */ (event.target);
    const { response } = /** @type {CustomEvent} */ (event).detail.fetchResponse;
    const type = response.headers.get("Content-Type");
    const controller = new AbortController();
    const session = readContentType(type)?.turbo && openReader({
      source,
      target: source,
      insert: () => {}, // The elements say where they go.
      disconnect: () => controller.abort(),
      header: (name) => response.headers.get(name),
      headers: turboRequests.get(source)?.headers,
    });
    if (!session) {
      // Turbo would show the page of a proxy in place of this one, and is silent about an error
      // that is not HTML.
      if (response.ok || !isMarked(source) || !isForeign(response, "")) return;
      event.preventDefault();
      reportFailure(source, source, response);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    // The session reports an error of the network itself.
    readInto(response, session, controller.signal).catch(() => {});
  });

  document.addEventListener("turbo:fetch-request-error", (event) => {
    const source = /** @type {Element} */ (event.target);
    const { error } = /** @type {CustomEvent} */ (event).detail;
    if (isMarked(source)) reportFailure(source, source, error);
  });

  // To Turbo, the form is free again when the response has begun. htmx and plain forms have rules
  // of their own.
  document.addEventListener("submit", (event) => {
    const form = /** @type {Element} */ (event.target);
    if (turboRequests.has(form) && streaming.has(form)) event.preventDefault();
  }, true);

  // Turbo and htmx 2 show their copy of the page when the reader comes back. Nothing in the copy is
  // busy. What stays on the page shows its state again with its next fragment.
  for (const name of ["turbo:before-cache", "htmx:beforeHistorySave"]) {
    document.addEventListener(name, () => {
      for (const each of watched.keys()) each.setBusy?.(false);
      for (const [source, pending] of streaming) showEnded(source, pending);
    });
  }

  // A button in the copy cannot send again what it did not see.
  for (const name of ["turbo:render", "htmx:historyRestore"]) {
    document.addEventListener(name, () => {
      /** @type {NodeListOf<HTMLElement>} */
      const buttons = document.querySelectorAll(".streamhtml-retry");
      for (const button of buttons) if (!button.onclick) button.remove();
    });
  }

  // ---------------------------------------------------------------------------------------------
  // Pages on which another library reads an event stream, and changes the page: hx-sse of htmx 4,
  // htmx-ext-sse of htmx 2, and Datastar. A session follows what they do, for the form's state, the
  // stop button, the live regions, the notices and the events.
  // ---------------------------------------------------------------------------------------------

  /** What other libraries read now, by their object for it. @type {Map<object, Session>} */
  const sessionsBeside = new Map();

  /**
   * Reports a change to the page.
   * @param {any} stream @param {Element} element that has asked
   * @param {string} html the change, trusted
   * @param {() => void} disconnect
   */
  function readBeside(stream, element, html, disconnect) {
    if (!sessionsBeside.has(stream)) {
      if (!/\bstreamhtml\b/.test(html)) return; // It is not from this library.
      const form = element.getAttribute("data-stream-form");
      const source = (form && document.querySelector(form)) || element.closest("form") || element;
      const none = /** @type {() => any} */ (() => null);
      const request = { source, target: source, insert: none, disconnect, header: none, idle: 0 };
      const framer = { push: (/** @type {string} */ change) => [fragment(change)] };
      noteSent(source);
      const session = new Session(request, { follows: true, framer, index: 0 });
      sessionsBeside.set(stream, session);
    }
    sessionsBeside.get(stream)?.push(html);
  }

  /** @param {any} stream @param {string} reason */
  function endBeside(stream, reason) {
    sessionsBeside.get(stream)?.close(reason);
    sessionsBeside.delete(stream);
  }

  /** @param {string} name @param {(event: any) => void} listener */
  const listen = (name, listener) => document.addEventListener(name, listener);

  // htmx 4 spells the event in two ways.
  for (const name of ["htmx:sse:after:message", "htmx:after:sse:message"]) {
    listen(name, ({ target, detail: { message } }) => {
      if (message.event === "end") return endBeside(target, message.data);
      readBeside(target, target, message.data, () => {
        const connection = target._htmx.sse;
        connection.config.reconnect = false;
        connection.reader?.cancel();
      });
    });
  }
  listen("htmx:sse:close", ({ target, detail }) =>
    endBeside(target, detail.reason === "ended" ? "incomplete" : "aborted"),
  );

  listen("htmx:sseOpen", ({ detail: { source } }) =>
    source.addEventListener("end", (/** @type {any} */ { data }) => endBeside(source, data)),
  );
  listen("htmx:sseMessage", ({ target, detail }) =>
    readBeside(detail.target, target, detail.data, () => detail.target.close()),
  );
  // It may come before the event with the outcome.
  listen("htmx:sseClose", ({ detail }) => setTimeout(endBeside, 0, detail.source, "aborted"));

  // Datastar does not report the event that has the outcome, but the notice has it, too.
  let outcome = "finished";
  listen("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
    const html = argsRaw?.elements;
    if (type === "started") outcome = "finished";
    if (html) {
      outcome = /streamhtml-notice-(\w+)/.exec(html)?.[1] ?? outcome;
      readBeside(el, el, html, () => el.streamController?.abort());
    }
    if (type === "finished") endBeside(el, outcome);
    if (/error|failed/.test(type)) endBeside(el, "incomplete");
  });
})();
