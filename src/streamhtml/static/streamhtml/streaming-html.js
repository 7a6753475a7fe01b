/**
 * streaming-html: shows a streamed reply while it arrives.
 *
 *   bytes -> Framer  (text in any pieces -> whole fragments)
 *         -> Sink    (when to write to the page, and how much at a time)
 *         -> Applier (fragments -> changes to the page)
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

  /**
   * Listens to events of the page.
   * @param {string} names with spaces between them @param {(event: any) => void} listener
   * @param {boolean} [isCapture]
   */
  function listen(names, listener, isCapture) {
    for (const name of names.split(" ")) document.addEventListener(name, listener, isCapture);
  }

  const REQUEST_HEADER = "Streaming-HTML";
  const script = document.currentScript;
  const { htmx } = /** @type {any} */ (window);

  const MEMORY = Symbol.for("streaming-html");

  // With each page, Turbo runs the scripts in the body again. A second client would read the same
  // bodies.
  const host = htmx ?? document;
  if (host[MEMORY]) return;
  host[MEMORY] = {};

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
   * @property {string} html trusted, as all HTML from the page's own server
   * @property {string} [root] the id of the element that `at` starts from
   * @property {string} [at] "" for the root, "2" for a depth, "@3" for a child
   *
   * What is applied together.
   *
   * @typedef {object} Fragment
   * @property {Patch[]} patches
   * @property {string} [outcome] how the reply ended, on its last fragment
   * @property {number} [index] 0, 1, 2 …; the session sets it, if the body does not say it
   * @property {string} [tag] what the index belongs to
   *
   * What takes a body.
   *
   * @typedef {Pick<Session, "push" | "close"> & { text?: string }} Reader `text` is an ordinary
   *   response
   *
   * How a body is read.
   *
   * @typedef {object} Stream
   * @property {boolean} [turbo] whether its patches are for Turbo
   * @property {(text: string) => Iterable<Fragment>} read returns the fragments that are complete
   *   with this text
   * @property {number} [idle] the seconds without a byte that end it; 0 for no limit, and if it is
   *   not to be resumed here
   * @property {Headers} [headers] of the response
   *
   * A request whose response is a stream, as the code that sent it sees it.
   *
   * @typedef {object} StreamRequest
   * @property {Element} source the form; events are dispatched on it and bubble
   * @property {Element} target where the page wants the message
   * @property {(html: string) => void | Promise<unknown>} [insert] inserts the message there;
   *   Turbo and other libraries do so themselves
   * @property {Element} [place] is on the page until the message is there, if not `target`
   * @property {string} [src] the URL of an answer that the page itself has asked for
   * @property {() => void} abort closes the connection, because the page wants no more of it
   * @property {unknown} [elements] whether the body may be one of elements without marks
   * @property {() => void} [onOpen] is called when the session begins
   * @property {Record<string, string>} [headers] of the request; they are sent again with the
   *   requests to stop and to resume, because they may say who the user is
   *
   * The same request: it becomes what runs when it is sent, and the session when it is answered.
   *
   * @typedef {StreamRequest & Partial<Running>} SentRequest
   *
   * Writes fragments to the page. Returns the live regions of the message that are there.
   *
   * @typedef {(fragments: Fragment[]) => Promise<Element[]>} Applier
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

  // What is in a mark after its token: "+", then the operation.
  const MARK = // eslint-disable-next-line max-len
    /^(\+?) ?(?:(from|ping|token|end) ?(\S*)|(open|append|replace|tail|swap)? ?(?:#(\S+))? ?(@?\d+)?)$/;

  /**
   * @param {string} token begins each mark of this response, until a mark names another one
   * @returns {Stream["read"]}
   */
  function createFramer(token) {
    let start = "<!" + token; // of each mark
    let text = "";
    /** @type {Patch[]} of a fragment that is not whole yet */
    let patches = [];
    /** @type {any} of the next fragment */
    let index = 0;
    let tag = ""; // what the index belongs to
    // Each mark leaves out what the one before it said.
    let action = "append";
    let root = "";
    /** @type {string | undefined} */
    let at;

    return function* (piece) {
      text += piece;
      let found;
      while ((found = text.indexOf(start)) >= 0) {
        const end = text.indexOf(">", found);
        if (end < 0) return; // A fragment is short, so it may be searched again.
        const html = text.slice(0, found);
        const mark = text.slice(found + start.length, end);
        const words = MARK.exec(mark);
        if (!words) throw new Error("unknown mark:" + mark);
        text = text.slice(end + 1);
        const [, unfinished, word, value, newAction = action, newRoot = root, newAt] = words;
        if (word === "token") start = "<!" + value;
        if (word === "from") [index, tag = tag] = value.split(".");
        if (/from|ping|token/.test(word)) continue;
        action = newAction;
        root = newRoot;
        if (mark !== unfinished) at = newAt;
        const hasRoot = !/open|swap/.test(action);
        if (html || !word) patches.push({ action, root: hasRoot ? root : "", at, html });
        if (unfinished) continue;
        yield { patches, outcome: value, index: index++, tag };
        patches = [];
      }
    };
  }

  /**
   * Reads what a Content-Type says about a stream.
   * @param {Headers} headers of the response
   * @returns {Stream | undefined}
   */
  function readContentType(headers) {
    const type = /** @type {string} */ (headers.get("Content-Type"));
    const token = /;\s*fragments="?(\w+)/i.exec(type)?.[1];
    const turbo = /^text\/vnd\.turbo/i.test(type);
    return token ? { turbo, read: createFramer(token), headers } : undefined;
  }

  // ---------------------------------------------------------------------------------------------
  // The sink: decides when the page is written to, and how much at a time. It keeps the order of
  // the fragments, and starts a write only when the one before it is complete.
  // ---------------------------------------------------------------------------------------------

  const WRITE_INTERVAL = 33; // ms
  const LONG_REPLY = 500; // fragments; from there on half as often, because layout costs more
  const WRITE_LIMIT = 8192; // characters of HTML in one write, so that the page stays responsive
  const FRAME_TIMEOUT = 100; // ms; a page that nobody sees gets no animation frames

  /**
   * @param {(fragments: Fragment[]) => Promise<void>} write
   * @param {() => boolean} isHeld whether only `flush()` may write
   */
  function createSink(write, isHeld) {
    /** @type {Fragment[]} */
    const queue = [];
    let isRunning = false;
    let writing = Promise.resolve();

    async function run() {
      if (isRunning) return;
      isRunning = true;
      while (queue.length) {
        const interval = WRITE_INTERVAL * ((queue[0]?.index ?? 0) > LONG_REPLY ? 2 : 1);
        await nextFrame();
        if (queue.length && !isHeld()) writeBatch();
        await pause(interval);
      }
      isRunning = false;
    }

    function writeBatch() {
      let count = 0;
      for (let size = 0; count < queue.length && size < WRITE_LIMIT; count++) {
        for (const { html } of queue[count].patches) size += html.length;
      }
      const batch = queue.splice(0, count);
      // An error here is the page's, such as a target that is gone. The reply still ends properly.
      return (writing = writing.then(() => write(batch)).catch(reportError));
    }

    return {
      /** @param {Fragment} fragment */
      push(fragment) {
        queue.push(fragment);
        run();
      },
      /** Writes everything now, and waits until that is done. */
      async flush() {
        isHeld = () => true; // What `run()` wrote in between would not be waited for.
        for (;;) {
          await writeBatch();
          if (!queue.length) return;
          await pause(0); // The page may draw.
        }
      },
    };
  }

  const nextFrame = () =>
    new Promise((done) => {
      const timer = setTimeout(done, FRAME_TIMEOUT);
      requestAnimationFrame(() => done(clearTimeout(timer))); // To fire would cost a task.
    });

  /** @param {number} milliseconds */
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  // ---------------------------------------------------------------------------------------------
  // The applier: changes only what the patches name. Nodes that are on the page are never made
  // again, so that a selection, an open <details> and the focus stay. It looks for them in the
  // message that it has opened, because another one may have the same ids. In the `turbo` format,
  // Turbo applies the HTML. Then, and beside other libraries, it only keeps the order of the
  // fragments, and finds the live regions.
  // ---------------------------------------------------------------------------------------------

  /** @param {string} id */
  const byId = (id) => "#" + CSS.escape(id);

  const OPENED = "[id]:not([hx-swap-oob])"; // The others were on the page before.

  /**
   * @param {boolean | undefined} turbo whether Turbo inserts the HTML
   * @param {StreamRequest["insert"]} insert
   * @returns {Applier}
   */
  function createApplier(turbo, insert) {
    /**
     * The elements that were opened, by id. It stays empty if a library changes the page.
     * @type {Map<string, Element | undefined>}
     */
    const own = new Map();
    /** @type {string[] | undefined} the ids of the live regions */
    let ids;
    /** @type {Element[]} those that were found last */
    let regions = [];
    /** @type {Map<string, ChildNode[]>} what is shown provisionally, by root */
    const tails = new Map();

    /** @param {Element | null | undefined} element is the message's own if it has one of its ids */
    function adopt(element) {
      if (!element || !own.has(element.id)) return;
      own.set(element.id, element);
      memoryOf(element).owner = apply;
    }

    /**
     * Finds an element of the message, or else one of the page that is in no other message.
     * @param {string} id
     */
    function find(id) {
      if (!id) return;
      for (const element of own.values()) {
        const found = element?.id === id ? element : element?.querySelector(byId(id));
        if (found && memoryOf(element).owner === apply) return found; // A morph may take it away.
      }
      const others = own.size ? ":not(.streamhtml,.streamhtml *)" : "";
      return own.has(id) ? null : document.querySelector(byId(id) + others);
    }

    /** @param {Patch} patch */
    function change({ action, root = "", at = "", html }) {
      for (const node of tails.get(root) ?? []) node.remove();
      tails.delete(root);
      let element = find(root);
      if (at[0] === "@") element = element?.children[+at.slice(1)];
      for (let depth = +at; depth > 0; depth--) element = element?.lastElementChild;
      if (!element) return; // The page has removed it.
      if (action === "replace") return adopt(replace(element, html));
      const nodes = append(element, html);
      if (action === "tail") tails.set(root, nodes);
      else processByHtmx(element);
    }

    /** @param {Patch} patch that may bring a message */
    async function open(patch) {
      const { action, root, html } = patch;
      const content = parse(html);
      const before = new Set(insert && all("[id]"));
      if (!ids || action === "open") {
        if (insert) for (const { id } of all(OPENED, content)) own.set(id, own.get(id));
        if (!ids?.length) ids = liveRegions(content, turbo);
      }
      if (root) change(patch);
      else if (action === "swap") await swapByIds(content, html, find, adopt);
      else if (turbo) await renderByTurbo(content, regions);
      else await insert?.(html);
      for (const [id, element] of own) {
        if (!element?.isConnected) adopt(findInserted(id, content, before));
      }
    }

    /** @type {Applier} */
    const apply = async (fragments) => {
      // Another page that Turbo shows may have elements with the same ids.
      if (turbo && regions[0] && regions.every(isGone)) return regions;
      for (const patch of mergePatches(fragments)) {
        if (ids && patch.root) change(patch);
        else await open(patch);
      }
      const found = ids?.flatMap((id) => find(id) ?? []);
      if (found?.[0]) regions = found;
      return regions;
    };
    return apply;
  }

  /**
   * Finds the element that an insertion has put on the page.
   * @param {string} id
   * @param {DocumentFragment} content what was inserted
   * @param {Set<Element>} before all elements that were there before
   * @returns {Element | undefined}
   */
  function findInserted(id, content, before) {
    const same = all(byId(id));
    const text = all(byId(id), content)[0]?.textContent;
    return (
      same.find((each) => !before.has(each) && !memoryOf(each).owner) ??
      // A swap may keep what has the same id, and give it the new content.
      same.find((each) => each.textContent === text)
    );
  }

  /**
   * Replaces elements by those with the same ids. Elements with an attribute that htmx reads are
   * left to htmx, unless it would change another message.
   * @param {DocumentFragment} content @param {string} html the same
   * @param {(id: string) => Element | null | undefined} find
   * @param {(element: Element) => void} adopt
   */
  async function swapByIds({ children }, html, find, adopt) {
    const elements = [...children];
    for (const element of elements) {
      const old = find(element.id);
      const isAlone = all("[id]").every((each) => each === old || each.id !== element.id);
      const isRead = element.matches(`${OUT_OF_BAND},:has(${OUT_OF_BAND})`);
      if (isAlone && isRead && swapByHtmx) continue;
      element.remove();
      element.removeAttribute("hx-swap-oob");
      old?.replaceWith(element);
      adopt(element);
      processByHtmx(element);
    }
    if (!children.length) return;
    // Only htmx itself can parse a <tr> in its <hx-partial>.
    const isWhole = children.length === elements.length;
    await swapByHtmx?.(isWhole ? html : [...children].map((each) => each.outerHTML).join(""));
  }

  /**
   * @param {Element} element @param {string} html
   * @returns {Element | null} what has taken the place of the element
   */
  function replace(element, html) {
    const restore = rememberReader(element);
    element.insertAdjacentHTML("beforebegin", trusted(html));
    const replacement = element.previousElementSibling;
    element.remove();
    processByHtmx(replacement);
    restore(replacement);
    return replacement;
  }

  /** @param {Element} element @param {string} html @returns {ChildNode[]} the new nodes */
  function append(element, html) {
    const last = element.lastChild;
    element.insertAdjacentHTML("beforeend", trusted(html));
    const nodes = [];
    let node = element.lastChild;
    for (; node && node !== last; node = node.previousSibling) nodes.push(node);
    return nodes;
  }

  /**
   * Returns the patches of several fragments in one list. It leaves out a tail that the next patch
   * removes, and joins appends to the same place.
   * @param {Fragment[]} fragments
   */
  function mergePatches(fragments) {
    /** @type {Patch[]} */
    const merged = [];
    for (const patch of fragments.flatMap(({ patches }) => patches)) {
      const { action, root, at, html } = patch;
      let last = merged.at(-1);
      if (last?.action === "tail" && last.root === root) {
        merged.pop();
        last = merged.at(-1);
      }
      if (action === "append" && last?.action === action && last.root === root && last.at === at) {
        last.html += html;
      } else merged.push(patch);
    }
    return merged;
  }

  /**
   * Returns the ids of the live regions in a new message. Without any, it is the id of the first
   * element that has one.
   * @param {DocumentFragment} content
   * @param {boolean} [turbo] whether the message is in a <turbo-stream>
   */
  function liveRegions(content, turbo) {
    const message = (turbo && all("template", content)[0]?.content) || content;
    const live = all(".streamhtml[id]", message);
    return (live[0] ? live : all(OPENED, message).slice(0, 1)).map(({ id }) => id);
  }

  /** @param {DocumentFragment} content @param {Element[]} regions */
  async function renderByTurbo(content, regions) {
    const elements = /** @type {any[]} */ ([...content.children]);
    const focused = document.activeElement;
    const readers = regions.map(rememberReader);
    document.documentElement.append(content);
    // Turbo applies an element with the next frame, or by a timer in a hidden page. Without this
    // wait, what comes later could be applied earlier.
    await Promise.allSettled(elements.map((element) => element.render()));
    readers.forEach((restore, index) => restore(regions[index]));
    if (!focused?.isConnected && document.activeElement === document.body) {
      document.getElementById(focused?.id ?? "")?.focus();
    }
  }

  // ---------------------------------------------------------------------------------------------
  // What the applier and the session do to the rest of the page.
  // ---------------------------------------------------------------------------------------------

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":where(.streamhtml-text){white-space:pre-wrap}:where(.streamhtml-notice){display:block}" +
      "[data-stream-stop][hidden],[data-stream-latest][hidden]{display:none!important}",
  );
  document.adoptedStyleSheets.push(sheet);

  // htmx 2 also looks into templates.
  const OUT_OF_BAND = "[hx-swap-oob],[data-hx-swap-oob],hx-partial,template:first-child";

  /** @type {((html: string) => void | Promise<void>) | undefined} */
  let swapByHtmx;

  /**
   * Returns the headers that htmx would send for an element, such as a CSRF token.
   * @type {(element: Element) => Record<string, string> | undefined}
   */
  let readHeaders = () => undefined;

  /**
   * Lets htmx see what it did not insert itself.
   * @param {Element | null} element
   */
  function processByHtmx(element) {
    // Within hx-ignore there is the model's text, in which htmx must not find anything.
    if (element?.closest("[hx-ignore]") === null) htmx?.process(element);
  }

  listen("click", ({ target }) => {
    const summary = target.closest?.("summary");
    if (summary) memoryOf(summary).isClicked = true; // also with the keyboard
  });

  /**
   * Returns a function that keeps what the reader has opened, closed and focused, when elements in
   * this one were replaced, or another one has taken its place.
   * @param {Element} element
   */
  function rememberReader(element) {
    const focused = document.activeElement;
    const olds = all("summary", element);
    const kept = olds.filter((each) => memoryOf(each).isClicked || isReadInside(each.parentNode));
    return (/** @type {Element | null} */ replacement) =>
      all("summary", replacement).forEach((summary, index) => {
        const old = olds[index];
        if (old?.parentNode?.isConnected !== false) return; // It was not replaced.
        if (kept.includes(old)) {
          memoryOf(summary).isClicked = true;
          summary.parentNode.open = old.parentNode.open;
        }
        if (old === focused) summary.focus({ preventScroll: true });
      });
  }

  /**
   * Returns whether the reader has scrolled into an element, and does not follow the end.
   * @param {Element} element
   */
  function isReadInside(element) {
    const scroller = element.closest(PIN) ?? document.documentElement;
    const edge = Math.max(0, scroller.getBoundingClientRect().top);
    const box = element.getBoundingClientRect();
    return box.top < edge && edge < box.bottom && !memoryOf(scroller).follows;
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

  /** @param {string} selector @param {ParentNode | null} [root] @returns {any[]} */
  const all = (selector, root = document) => [...(root?.querySelectorAll(selector) ?? [])];

  /**
   * What is known of a form, or of a scrolling element.
   *
   * @typedef {object} Memory
   * @property {HTMLElement | null} [submitter] of the form's last submit event; undefined if the
   *   form is sent without one
   * @property {HTMLElement | null} [sentBy] the submitter of its last request
   * @property {boolean | 1} [isRetry] 1 when its button was pressed, and true from the submit event
   *   that follows until the form is sent; htmx may wait in between, for a confirmation for example
   * @property {Fields} [collected] from its fields, for the last time
   * @property {Fields} [sent] with its last request
   * @property {any} [button] sends it again
   * @property {boolean} [follows] whether the reader follows the bottom of the scrolling element
   * @property {any} [top] its last position, a number
   * @property {any} [range] how far it could be scrolled last
   * @property {any} [goal] the position of its bottom when the reader last did something
   * @property {StreamRequest} [turbo] the last one that Turbo has sent
   * @property {Session} [session] follows what another library reads
   * @property {string} [outcome] of what Datastar reads for the element, if a notice has said it
   * @property {Applier} [owner] has opened the element
   * @property {boolean} [isClicked] whether the reader has clicked the <summary>
   *
   * @typedef {[string, FormDataEntryValue][] & { hasChanged?: boolean }} Fields `hasChanged` says
   *   whether the form had others when they were sent again
   */

  /** @param {any} element @returns {Memory} */
  const memoryOf = (element) => (element[MEMORY] ??= {});

  /**
   * Returns a text for the reader: that of the source, of an element around it, of this file's
   * script element, or else the English one.
   * @param {Element} source
   * @param {...string} names the most specific one first
   * @returns {any} undefined for the status of an error that has no text of its own
   */
  function findText(source, ...names) {
    const near = source.closest(String(names.map((name) => `[data-stream-${name}]`)));
    for (const place of [near || script, script, null]) {
      for (const name of names) {
        const text = place ? place.getAttribute("data-stream-" + name) : ENGLISH[name];
        if (text) return text;
      }
    }
  }

  /**
   * @param {Element} source @param {string} tag
   * @param {string} name its class, without the prefix, and the name of its text
   * @param {string} [text]
   * @returns {any}
   */
  function createElement(source, tag, name, text = findText(source, name)) {
    const element = document.createElement(tag);
    element.className = "streamhtml-" + name;
    element.textContent = text;
    return element;
  }

  /**
   * Shows a text in the page's `role="status"`, which screen readers announce; "" empties it.
   * @param {string} text
   */
  function announce(text) {
    for (const status of all("[data-stream-status]")) {
      status.textContent = text && (status.getAttribute("data-stream-status") || text);
    }
  }

  /**
   * @param {Element} source
   * @param {string} kind "error", "lost", "stopped" or "wait" @param {string} [text]
   */
  function createNotice(source, kind, text = findText(source, kind)) {
    const notice = createElement(source, "span", "notice streamhtml-notice-" + kind, text);
    notice.role = kind !== "stopped" ? "alert" : "status";
    return notice;
  }

  /**
   * Shows the reader a notice of the client's.
   * @param {Element} source @param {Element} place @param {string} kind
   */
  function showNotice(source, place, kind) {
    place?.append(createNotice(source, kind));
    offerRetry(source, place);
  }

  const THINKING_DELAY = 2000; // ms
  // ms from the reader's stop to the response. By its session, the server hears of the stop.
  const STOP_DELAY = 1000;

  /** Returns whether an element wants only streams, by its attributes. @param {Element} source */
  const wantsStream = (source) =>
    /data-stream(?!ing)/.test(String(source.getAttributeNames())) ||
    source.matches("[hx-ext*=streaming-html]");

  /**
   * Notes that a request was sent. It can be stopped, and ends when its place has left the page.
   * @param {SentRequest} request becomes what runs
   */
  function begin(request) {
    const { source, abort } = request;
    function endNow(kind = "stopped") {
      if (!finish(request)) return;
      showNotice(request.source, request.target, kind);
      abort();
    }
    Object.assign(request, {
      stop() {
        setTimeout(endNow, request.isStopped ? 0 : STOP_DELAY);
        request.isStopped = true;
      },
      interrupt: () => (wantsStream(source) ? endNow("lost") : abort()),
      hasLeft: () => isGone(request.source) && isGone(request.target),
      noticePlace: () => request.target,
    });
    noteSent(source); // It moves the focus away from a button in the notice.
    all(":scope>.streamhtml-notice", request.target)[0]?.remove(); // of the last attempt
    running.add(/** @type {Running} */ (request));
    if (wantsStream(source)) showWaiting(/** @type {Running} */ (request));
  }

  /**
   * Notes that a request has ended, unless it has a session.
   * @param {any} request what runs; nothing if it was not sent
   */
  function finish(request) {
    if (request?.setBusy || !running.delete(request)) return;
    if (!running.size) uncached.remove();
    endLine(request);
    if (!newestOf(request.source)) showEnded(request.source);
    return true;
  }

  /** Shows that a request was sent, if that is not shown yet. @param {Running} request */
  function showWaiting(request) {
    const { source } = request;
    if (request.timer) return;
    request.timer = setTimeout(() => {
      request.line = createElement(source, "span", "thinking");
      request.noticePlace()?.append(request.line);
    }, THINKING_DELAY);
    showState(source, "waiting");
    // The page itself sends other requests, such as one that resumes an answer.
    if (!request.src && source.closest("form,button,a")) follow(source);
  }

  /** @param {Running} request */
  function endLine(request) {
    clearTimeout(request.timer);
    request.line?.remove();
    request.line = undefined;
  }

  /** @param {Element} source */
  function showEnded(source) {
    showState(source, "");
    all(".streamhtml-notice-wait")[0]?.remove();
  }

  /** @param {Element} source @param {string} state "waiting", "answering" or "" */
  function showState(source, state) {
    if (source.getAttribute("data-streaming") === state) return;
    if (state) source.setAttribute("data-streaming", state);
    else source.removeAttribute("data-streaming");
    source.ariaBusy = state ? "true" : null;
    showStopButtons();
  }

  /** Returns the source that a button stops. @param {any} button */
  function stoppedBy(button) {
    const selector = button?.getAttribute("data-stream-stop");
    return selector ? document.querySelector(selector) : button?.form ?? button?.closest("form");
  }

  function showStopButtons() {
    for (const button of all("button[data-stream-stop]")) {
      const source = stoppedBy(button);
      const isShown = source?.hasAttribute("data-streaming");
      if (!isShown) leaveFocus(button, source);
      button.hidden = !isShown;
    }
  }

  /**
   * Keeps the focus in the form, when a button goes away.
   * @param {Element | undefined} button @param {Element | null | undefined} form
   */
  function leaveFocus(button, form) {
    if (button !== document.activeElement) return;
    all("button:default,[type=submit]", form)[0]?.focus();
  }

  /** @type {Running | undefined} what the first of several clicks has stopped */
  let stopping;

  /** Ends a request, if there is one, because of a click or a key. */
  function stopBy(/** @type {UIEvent} */ event, /** @type {Running | undefined} */ request) {
    // A button to stop and one to send may take each other's place. The second click of a double
    // click must neither stop an answer that the first one has asked for, nor ask again.
    if (event.detail < 2) (stopping = request)?.stop();
    if (stopping ?? request) event.preventDefault();
  }

  listen("click", (event) => {
    const button = event.target.closest?.("[data-stream-stop]");
    stopBy(event, newestOf(stoppedBy(button)));
  });

  listen("keydown", (event) => {
    // The code is 229 while a text is composed: then Escape belongs to the input method.
    if (event.keyCode !== 27 || event.defaultPrevented) return;
    // It first closes what is in front of the page.
    if (all(":modal,:popover-open:not([popover=manual])")[0]) return;
    stopBy(event, [...running].findLast(({ source }) => source.closest("[data-stream-escape]")));
  });

  // ---------------------------------------------------------------------------------------------
  // Asking again, and requests that fail.
  // ---------------------------------------------------------------------------------------------

  const SUBMIT_TIME = 50; // ms, after which a form that was submitted is sent

  listen("submit", (event) => {
    const { target: source, submitter } = event;
    if (submitter?.formMethod === "dialog") return; // It only closes the dialog.
    const memory = memoryOf(source);
    const before = newestOf(source);
    memory.isRetry = memory.isRetry === 1;
    memory.submitter = submitter;
    // To Turbo, the form is free again when the response has begun. htmx and plain forms have rules
    // of their own.
    if (before && memory.turbo) event.preventDefault();
    // After all that answers the event; htmx 4 and Turbo do so a little later.
    setTimeout(() => {
      if (!before?.timer || before !== newestOf(source)) return;
      all(".streamhtml-notice-wait")[0]?.remove();
      // A field of the form may be named "after".
      source.insertAdjacentElement("afterend", createNotice(source, "wait"));
    }, SUBMIT_TIME);
  }, true);

  // Whatever collects the fields of a form: the browser lets others change the result.
  listen("formdata", ({ target, formData }) => {
    const memory = memoryOf(target);
    memory.collected = [...formData];
    if (!memory.isRetry || !memory.sent) return;
    memory.sent.hasChanged = listFields(memory.collected) !== listFields(memory.sent);
    for (const [name] of memory.collected) formData.delete(name);
    for (const [name, value] of memory.sent) formData.append(name, value);
    memory.collected = memory.sent;
  });

  /** Two files with the same name count as the same. @param {any[][]} fields */
  const listFields = (fields) => String(fields.flat().map((each) => each.name ?? each));

  /** @param {Element} source */
  function noteSent(source) {
    const memory = memoryOf(source);
    leaveFocus(memory.button, source);
    memory.button?.remove();
    memory.sent = memory.collected;
    memory.sentBy = memory.submitter;
    memory.isRetry = undefined;
  }

  /**
   * Resets a form when its answer begins. If it was sent again, a new text in it stays.
   * @param {Element} source
   */
  function resetSent(source) {
    if (!source.matches("form[data-stream-reset]") || memoryOf(source).sent?.hasChanged) return;
    // Called on the prototype, because a field of the form may be named "reset".
    HTMLFormElement.prototype.reset.call(source);
  }

  /**
   * Adds a button to the last notice in a place. It sends again what was sent last. If the answer
   * has begun before, nothing was sent for it here.
   * @param {any} source @param {Element} place
   * @param {any} [wait] seconds in which it cannot be pressed, or nothing
   */
  function offerRetry(source, place, wait) {
    const memory = memoryOf(source);
    const { sentBy } = memory;
    if (!source.closest("[data-stream-retry]") || !memory.sent || sentBy === undefined) return;
    if (isGone(source) || newestOf(source)?.src) return;
    const button = (memory.button = createElement(source, "button", "retry"));
    button.type = "button";
    button.source = source;
    button.onclick = () => {
      const form = button.source; // It may have replaced the other.
      memory.isRetry = 1;
      const { noValidate } = form;
      form.noValidate = true; // It may be empty by now.
      if (sentBy) dispatch(sentBy, "focusin"); // for htmx 2
      form.requestSubmit(sentBy?.isConnected ? sentBy : null);
      form.noValidate = noValidate;
    };
    button.disabled = true;
    setTimeout(() => (button.disabled = false), wait * 1000);
    all(".streamhtml-notice", place).at(-1)?.append("\u2003", button);
  }

  /**
   * Reports a request that did not become a stream.
   * @param {Element} source @param {Element} target
   * @param {any} problem the response, or the error if there is none
   */
  function reportFailure(source, target, problem) {
    const { status = 0, headers } = problem;
    // After the time limit of htmx, the server may have been reached.
    const kind = "error-" + (status || /timeout/.exec(problem) || "offline");
    const text = findText(source, kind, kind.replace(/\d\d$/, "xx"), "error");
    const isEnglish = Object.values(ENGLISH).includes(text);
    const language = isEnglish ? "en" : /** @type {any} */ (source.closest("[lang]"))?.lang ?? "en";
    const after = headers?.get("Retry-After");
    const wait = Math.max(1, +after || (Date.parse(after) - Date.now()) / 1000);
    const time = () => formatWait(wait, language, findText(source, "later"));
    target?.append(createNotice(source, "error", text.replace("{time}", time)));
    if (status !== 413) offerRetry(source, target, wait);
    dispatch(source, "stream:error", {
      status,
      response: headers && problem,
      error: headers ? new Error(kind) : problem,
    });
  }

  /**
   * Returns "in 30 seconds", in the language.
   * @param {number} seconds @param {string} language
   * @param {string} otherwise is returned if one of them is not known
   */
  function formatWait(seconds, language, otherwise) {
    const power = seconds < 100 ? 0 : seconds < 6000 ? 1 : 2;
    const unit = /** @type {const} */ (["second", "minute", "hour"])[power];
    try {
      return new Intl.RelativeTimeFormat(language).format(Math.ceil(seconds / 60 ** power), unit);
    } catch {
      return otherwise;
    }
  }

  /** @param {string} html whether it is a page */
  const isDocument = (html) => /^\s*<(!doctype|html|head|body)\b/i.test(html);

  /** Returns whether a body may be inserted. A 204 has no type. @param {any} response */
  const isInsertable = (response) =>
    response.ok && /html|null/.test(response.headers.get("Content-Type"));

  /**
   * Returns whether an error is not what the application has to say about this request, but a page
   * of its own or a proxy's, or nothing. Some have words of their own here.
   * @param {any} response @param {string} html
   */
  const isForeign = (response, html) =>
    response.status >= 500 || ENGLISH["error-" + response.status] ||
    !/html/.test(response.headers.get("Content-Type")) ||
    response.headers.get("Content-Length") === "0" ||
    isDocument(html);

  // ---------------------------------------------------------------------------------------------
  // Following: while the reader follows, an element with data-stream-pin stays scrolled to its
  // bottom, whatever changes its size or its content. The reader begins to follow when they send a
  // question or reach the bottom. They stop when they scroll up.
  // ---------------------------------------------------------------------------------------------

  const PIN = "[data-stream-pin]";
  const INNER = ":scope>*,:scope>*>*,:scope>*>*>*";
  const INPUT_TIME = 300; // ms in which an input begins to scroll, if nothing else scrolls
  const MOVE_TIME = 1000; // ms without an input or a change after which a new movement begins

  let lastTime = 0; // of an input, or of a position that has changed
  /** Is not 0 while the reader may begin to scroll. */
  let inputTimer = 0;
  /** Is not 0 while a button of the pointer is down: it may drag a scrollbar or a selection. */
  let pressed = 0;

  /**
   * For the <body>, a browser scrolls the root element, unless a style sheet says otherwise.
   * @param {HTMLElement} pinned
   */
  function scrollerOf(pinned) {
    const root = document.documentElement;
    return pinned === document.body && root.scrollHeight > root.clientHeight ? root : pinned;
  }

  /**
   * Finds out what has changed, and scrolls to the bottom if the reader follows.
   * @param {HTMLElement} pinned
   * @param {boolean} [isInput] whether the reader does something
   */
  function updateOne(pinned, isInput) {
    const last = memoryOf(pinned);
    const scroller = scrollerOf(pinned);
    const range = scroller.scrollHeight - scroller.clientHeight;
    const end = getComputedStyle(scroller).flexDirection === "column-reverse" ? 0 : range;
    const top = Math.min(scroller.scrollTop, end); // Safari goes further, and returns.
    const mayScroll = inputTimer || pressed;
    const isResized = range !== last.range;
    // If both have changed, something above the view has changed.
    if (isInput || (isResized && top !== last.top)) last.goal = end;
    // If the size has changed, the browser may have moved the position. It rounds its new end.
    const isAbove = top < end - +isResized;
    if (top < last.top && isAbove && (mayScroll || !isResized)) last.follows = false;
    const isLower = !(top <= last.top); // or seen for the first time
    // What is not shown, such as a closed dialog, has no range either.
    const isWhole = range < Math.min(1, scroller.clientHeight);
    if (isWhole || (isLower && top > Math.min(last.goal, end) - 2)) last.follows = true;
    if (last.follows && !mayScroll) {
      // Further, because both are rounded. Where the end is 0, Chromium only keeps 0 itself.
      scroller.scrollTo({ top: end + Math.sign(end), behavior: "instant" });
    }
    last.top = Math.min(scroller.scrollTop, end);
    last.range = range;
  }

  /** Updates what the reader sees of scrolling elements. @param {boolean} [isInput] */
  function update(isInput) {
    for (const scroller of all(PIN)) updateOne(scroller, isInput);
    for (const button of all("[data-stream-latest]")) {
      const scrollers = pinnedNear(button);
      const isNeeded = scrollers.some(
        (each) => !memoryOf(each).follows && each.querySelector("[aria-busy=true]"),
      );
      if (!isNeeded && document.activeElement === button) {
        scrollers.at(-1)?.focus({ preventScroll: true });
      }
      button.hidden = !isNeeded;
    }
  }

  /**
   * Returns the pinned element around this one, or those that have the nearest ancestor in common
   * with it, without those inside another one. A pinned page is always among them.
   * @param {Element} element
   */
  function pinnedNear(element) {
    const near = element.closest(`${PIN},:has(${PIN})`);
    // Such as reasoning that scrolls in its message.
    const nested = `:not(:root,body)${PIN} *,${PIN} [role=log] *`;
    return all(PIN).filter((each) =>
      each.contains(near) || (near?.contains(each) && !each.matches(nested)),
    );
  }

  /** Leads to the bottom, and follows it. @param {Element} element what the reader has used */
  function follow(element) {
    update(); // The reader may have scrolled up before.
    for (const each of pinnedNear(element)) memoryOf(each).follows = true;
    inputTimer = 0;
    update();
  }

  /** @param {any} event */
  function onInput(event) {
    const { type, key } = event;
    // A script may dispatch an event on the document, too.
    const link = type === "click" && event.target.closest?.("a,[data-stream-latest]");
    const isKey = /Up|Down|Home|End/.test(key) || (key === " " && event.shiftKey);
    if (isKey || event.deltaY < 0 || link) {
      inputTimer = setTimeout(() => {
        inputTimer = 0;
        update(true);
      }, INPUT_TIME);
    }
    // In Firefox, a finger that begins to scroll, and what is dragged, still have a button then.
    pressed = type === "pointercancel" ? 0 : event.buttons ?? pressed;
    if (type === "pointermove") return;
    if (link?.type) follow(link); // a button
    // A search in the page and a screen reader move the position, after a pause, without an input.
    update(type !== "scroll" || event.timeStamp > lastTime + MOVE_TIME);
    lastTime = event.timeStamp;
  }

  const inputs = "click keydown wheel pointercancel pointerdown pointermove pointerup";
  listen(inputs + " scroll stream:end", onInput, true);
  addEventListener("resize", onInput);

  const sizes = new ResizeObserver(() => {
    // The range is rounded, so it may be the same although the browser has moved the position.
    for (const each of all(PIN)) delete memoryOf(each).range;
    update();
  });

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
  const RESUME_DELAY = 125; // ms; doubled for each attempt

  const LEAVE_DELAY = 200; // ms; an element that is only moved is back by then

  /**
   * A request that has not ended. When its session begins, this changes what it does.
   *
   * @typedef {object} Running
   * @property {Element} source
   * @property {Element} target
   * @property {() => void} stop ends it, because the reader wants no more of it
   * @property {() => unknown} hasLeft whether its place or message has left the page
   * @property {() => void} abort ends it, because of that
   * @property {(reason: string) => void} interrupt does so for this reason, and says so
   * @property {boolean} [isStopped] whether the reader has stopped it before it had a session
   * @property {() => Element} noticePlace where the client's notice goes
   * @property {(busy: boolean) => void} [setBusy] while it has a session
   * @property {string} [src] as in the request
   * @property {number} [timer] waits until it is time for the line
   * @property {any} [line] the element that says that the first words are awaited, or, in a copy of
   *   the page, that the answer is not complete
   */

  /**
   * While this element is on the page, Turbo and htmx 2 keep no copy of the page, which would have
   * only a part of an answer. When the reader comes back, they ask the server.
   */
  const uncached = /** @type {Element} */ (
    parse('<meta name="turbo-cache-control" content="no-cache" hx-history="false">').firstChild
  );

  /** What has not ended; the newest is the last. @type {Set<Running>} */
  const running = new Set();

  /** @param {EventTarget | null | undefined} source @returns {Running | undefined} */
  const newestOf = (source) => [...running].findLast((each) => each.source === source);

  /**
   * Moves the state to a form that has replaced the source, with the same id.
   * @param {{ source: any }} holder a request, or a button that sends again
   */
  function moveState(holder) {
    const { source } = holder;
    /** @type {any} */
    const form = isGone(source) && document.getElementById(source.getAttribute("id"));
    if (!form) return;
    form[MEMORY] = memoryOf(source);
    holder.source = form;
    showState(form, source.getAttribute("data-streaming"));
  }

  /** Ends what has left the page, unless it is to go on. @param {Running} each */
  const leave = (each) =>
    isKept(each.source) || isKept(each.noticePlace()) || (each.hasLeft() && each.abort());

  /**
   * Does what a change to the page needs.
   * @param {{ target?: any, addedNodes?: Iterable<Node> }[]} changes
   */
  function onChange(changes) {
    for (const each of running) {
      if (each.hasLeft()) setTimeout(leave, LEAVE_DELAY, each);
      else moveState(each);
    }
    showStopButtons();
    // Most changes are made in a message, while it is written. Then the time that this takes must
    // not grow with the conversation.
    const isOutside = changes.some(({ target }) => !target?.closest?.(".streamhtml"));
    if (isOutside) {
      all("[data-stream-src]:not(.streamhtml *)").forEach(showAnswer);
      for (const button of all(".streamhtml-retry")) {
        moveState(button);
        // Its form is gone, or it is in the copy of a page, which the reader comes back to.
        if (!button.source?.isConnected) button.remove();
      }
    }
    for (const scroller of all(PIN)) {
      // A style sheet may have given some of them a height that their content does not change.
      const inner = isOutside ? all(INNER, scroller) : scroller.children;
      for (const element of [scroller, ...inner]) sizes.observe(element);
      // An element that is moved, such as by a Turbo visit, loses its position.
      const isMoved = (/** @type {Node} */ added) => added.contains(scroller);
      if (changes.some(({ addedNodes = [] }) => [...addedNodes].some(isMoved))) {
        scroller.scrollTo({ top: memoryOf(scroller).top, behavior: "instant" });
      }
      // Otherwise, a layout in the middle of a change could move the position.
      if (memoryOf(scroller).follows) updateOne(scroller);
    }
  }

  new MutationObserver(onChange).observe(document, { childList: true, subtree: true });

  // In its history, a browser keeps the page with its connections. The reader may not come back.
  addEventListener("pagehide", ({ persisted }) => {
    for (const each of running) {
      if (persisted && !isKept(each.source)) each.interrupt("incomplete");
    }
  });

  /** @param {Element} place */
  const isGone = (place) => place && !place.isConnected;

  /** @param {Element | undefined} element */
  const isKept = (element) => element?.closest("[data-stream-keep]");

  /**
   * A reply that is shown. Its methods need no `this`.
   *
   * @typedef {object} Session
   * @property {(text: string) => void} push takes more of the body
   * @property {(reason: string) => unknown} close says that the body has ended, and why, if the
   *   server did not say it: "" if it is whole. It returns a promise of what the server has said,
   *   perhaps after the reply was resumed
   * @property {Element} source
   * @property {Element} target
   * @property {() => void} stop ends the reply because the reader wants no more of it
   * @property {() => unknown} hasLeft
   * @property {() => void} abort ends the reply because the page wants no more of it
   * @property {(busy: boolean) => void} [setBusy] until its end
   */

  /**
   * Begins to show a reply.
   * @param {SentRequest} request becomes the session
   * @param {Stream} stream
   * @returns {Session}
   */
  // eslint-disable-next-line max-lines-per-function -- its functions share the state of the reply
  function openSession(request, stream) {
    let { read } = stream;
    let received = -1; // the last fragment that is in the queue or on the page
    let tag = "";
    let attempt = request.src ? 0 : 1; // to resume; the first one for `src` is made at once
    let resumeURL = request.src;
    /** @type {string | undefined} */
    let stopURL;
    let isStarted = false;
    let disconnect = request.abort;
    /** @type {Element[] | undefined} the live regions; undefined before the message is there */
    let regions;
    /** @type {string | undefined} */
    let outcome;
    let aborted = false; // The page wants no more.
    let idleTimer = 0;
    /** @type {Response | undefined} what the server has refused to resume the reply with */
    let refusal;
    let endPause = () => {};
    /** @type {Promise<unknown> | undefined} */
    let ended;
    const { src, headers } = request;
    const { turbo, idle = IDLE_TIMEOUT } = stream;
    const apply = createApplier(turbo, request.insert);
    const sink = createSink(write, () => aborted);
    const methods = { push, close, interrupt, abort, stop, hasLeft, setBusy, noticePlace };

    running.add(Object.assign(request, methods));
    showWaiting(/** @type {Running} */ (request));
    request.onOpen?.();
    watchIdle();
    if (!src) start(stream.headers);
    if (request.isStopped) setTimeout(stop);
    return /** @type {any} */ (request);

    /** @param {Headers | undefined} found of a response with fragments */
    function start(found) {
      stopURL = found?.get(REQUEST_HEADER + "-Stop") ?? stopURL;
      resumeURL = found?.get(REQUEST_HEADER + "-Resume") ?? resumeURL;
      if (resumeURL) document.head.append(uncached);
      if (isStarted) return;
      isStarted = true;
      announce("");
      dispatch(request.source, "stream:start");
      if (!src) resetSent(request.source);
    }

    /** @param {string} text */
    function push(text) {
      try {
        for (const fragment of read(text)) {
          outcome ||= fragment.outcome;
          const index = (fragment.index ??= received + 1);
          if (index <= received && fragment.tag === tag) continue; // It is there already.
          // The element has the place for the message, also if the server knows another one.
          if (src && received < 0) {
            Object.assign(fragment.patches[0] ?? {}, { action: "open", root: "" });
          }
          received = index;
          ({ tag = "" } = fragment);
          attempt = 1;
          sink.push(fragment);
        }
        if (!aborted) watchIdle();
      } catch (error) {
        reportError(error);
        interrupt("incomplete"); // A body that cannot be understood is read no further.
      }
    }

    /** @param {string} reason */
    function close(reason) {
      return (ended ??= end(reason || "incomplete"));
    }

    /** Ends what the session waits for now. @param {string} reason */
    function interrupt(reason) {
      close(reason);
      disconnect();
    }

    function abort() {
      aborted = true;
      interrupt("aborted");
    }

    /**
     * Ends the reply because the reader wants no more of it. A server that has a URL for this ends
     * the body, so that it knows why. The second time, the connection is closed.
     */
    function stop() {
      if (outcome) return; // It has ended already.
      request.isStopped = true;
      if (!stopURL || aborted) return abort();
      aborted = true;
      watchIdle();
      const form = request.source.closest("form"); // Its fields say who asks, in any framework.
      const body = form && new URLSearchParams(/** @type {any} */ (new FormData(form)));
      // The browser refuses to keep a long request alive.
      const keepalive = String(body).length < KEEPALIVE_LIMIT;
      fetch(stopURL, { method: "POST", keepalive, headers, body })
        .then((answer) => answer.text().then(() => answer.ok || abort()))
        .catch(abort);
      endPause();
    }

    function hasLeft() {
      // A later message may have taken an element over, by a swap that keeps what has the same id.
      // Another library may have replaced it, and reports that only later.
      const isOff = (/** @type {Element} */ region) =>
        isGone(region)
          ? request.insert || turbo || !document.getElementById(region.id)
          : (memoryOf(region).owner ?? apply) !== apply;
      return regions
        ? regions[0] && regions.every(isOff)
        : isGone(request.place ?? request.target);
    }

    /** Returns where the client's notice goes. */
    function noticePlace() {
      return regions?.find((each) => each.matches("[id$=_text]")) ?? regions?.[0] ?? request.target;
    }

    /** @param {boolean} busy */
    function setBusy(busy) {
      const value = busy ? "true" : null;
      for (const region of regions ?? []) {
        // Even the same value would be a change to the page.
        if (region.ariaBusy !== value) region.ariaBusy = value;
        if (!busy) region.normalize();
      }
    }

    /** Begins to wait again until the time without a byte is over. */
    function watchIdle() {
      clearTimeout(idleTimer);
      const own = request.source.getAttribute("data-stream-idle");
      const limit = aborted ? STOP_TIMEOUT : outcome ? CLOSE_TIMEOUT : +(own ?? idle);
      if (limit) idleTimer = setTimeout(interrupt, limit * 1000, "timeout");
    }

    /** @param {Fragment[]} fragments */
    async function write(fragments) {
      // Before the message is there, it needs its place.
      if (!regions && hasLeft()) return void leave(/** @type {Running} */ (request));
      // The reader may have scrolled up since the last frame.
      update();
      request.line?.remove();
      regions ??= []; // The message may replace its place, long before htmx says so.
      regions = await apply(fragments);
      setBusy(true);
      showProgress(fragments);
      for (const { index: count } of fragments) {
        showState(request.source, "answering");
        dispatch(request.source, "stream:fragment", { index: count });
        dispatch(request.source, "chunk", { count });
      }
    }

    /** @param {Fragment[]} fragments what is on the page now */
    function showProgress(fragments) {
      const place = noticePlace();
      // The text is only read at the beginning, because it gets long.
      if (fragments.at(-1)?.index || (place?.matches(".streamhtml") && place.textContent)) {
        endLine(/** @type {Running} */ (request));
      } else if (request.line) place?.append(request.line);
    }

    /** @param {string} reason */
    async function end(reason) {
      await resume();
      clearTimeout(idleTimer);
      await sink.flush();
      // Another library may have heard the outcome after the reader's stop.
      reason = outcome || (aborted && !/ed$/.test(reason) ? "aborted" : reason);
      setBusy(false);
      showEnd(reason);
      request.setBusy = undefined;
      finish(request);
      dispatch(request.source, "stream:end", { reason });
      return outcome;
    }

    /** Tells the reader how the reply has ended, if the server has not. @param {string} reason */
    function showEnd(reason) {
      const place = noticePlace();
      const isLost = /incomplete|timeout/.test(reason);
      const kind = isLost ? "lost" : reason === "aborted" && request.isStopped && "stopped";
      if (isLost && refusal) reportFailure(request.source, place, refusal);
      else if (kind) showNotice(request.source, place, kind);
      else if (/failed|interrupted|stopped/.test(reason)) offerRetry(request.source, place);
      if (reason === "finished") announce(findText(request.source, "complete"));
    }

    /** Asks for what was missed, if the server keeps it. */
    async function resume() {
      while (resumeURL && idle && !outcome && !aborted && attempt <= RESUME_ATTEMPTS) {
        // A random delay, so that clients whose server was restarted do not all come at once.
        await new Promise((done) => {
          endPause = disconnect = () => done(0);
          setTimeout(done, attempt && RESUME_DELAY * 2 ** attempt * (1 + Math.random()));
        });
        if (aborted) return;
        attempt++;
        try {
          if (await readRest(resumeURL)) return;
        } catch {
          // The network is still down.
        }
      }
    }

    /** @param {string} url @returns {Promise<boolean>} whether the server has no more to say */
    async function readRest(url) {
      const controller = new AbortController();
      disconnect = () => controller.abort();
      watchIdle();
      const response = await fetch(url, {
        headers: {
          ...headers,
          [REQUEST_HEADER]: turbo ? "turbo" : "html",
          ...(received < 0 ? {} : { "Last-Event-ID": received + (tag && "." + tag) }),
        },
        signal: controller.signal,
      });
      const rest = readContentType(response.headers);
      if (rest) {
        ({ read } = rest);
        start(response.headers);
        await readBody(response, push);
      } else if (received < 0 && isInsertable(response) && !response.redirected) {
        const html = await response.text(); // It may be the whole answer.
        if (!html) return true;
        read = () => [{ patches: [{ action: "open", html }], outcome: "finished" }];
        start(response.headers);
        push("");
      }
      // A status such as 401 has words of its own.
      if (findText(request.source, "error-" + response.status)) refusal = response;
      return !rest && response.status < 500;
    }
  }

  /**
   * Begins to show the reply to a request.
   * @param {StreamRequest} request
   * @param {any} response has at least `headers`, `ok` and `redirected`
   * @returns {Reader | undefined} what takes the body; nothing if the response is an ordinary one
   */
  function openReader(request, response) {
    const { headers, ok, redirected } = response;
    // With one of these, htmx leaves the page or the place, whatever the body is.
    if (/hx-(redirect|location|refresh)/.test(String([...headers.keys()]))) return;
    const stream = readContentType(headers);
    if (stream) return openSession(request, stream);
    const isHTML = /^text\/(html|event-stream)\b/i.test(headers.get("Content-Type"));
    const isLeft = !request.elements || !ok || redirected || !isHTML;
    return isLeft ? undefined : readElements(request, headers);
  }

  /**
   * Reads a body to its end, as one stream of UTF-8.
   * @param {Response} response
   * @param {(text: string) => void} push
   */
  async function readBody(response, push) {
    // Chromium reports a `no-store` body that a reader has read to its end as net::ERR_ABORTED,
    // but not if the response was cloned.
    response.clone().body?.cancel().catch(() => {});
    const decoder = new TextDecoder();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      push(decoder.decode(value, { stream: !done }));
      if (done) break;
    }
  }

  /**
   * Reads a body into a session.
   * @param {Response} response @param {Reader} reader
   * @returns {Promise<unknown>} an error of the network, unless the reply was resumed and brought
   *   to its end
   */
  async function readInto(response, reader) {
    const problem = await readBody(response, reader.push).catch((error) => error);
    return (await reader.close(problem ? "incomplete" : "")) ? undefined : problem;
  }

  // ---------------------------------------------------------------------------------------------
  // A body without marks, as a view sends it that yields the whole message again for each token, or
  // as the `htmx` format has it. Each element at its top level is a fragment, as soon as its end
  // has arrived. htmx swaps it out of band, or inserts it.
  // ---------------------------------------------------------------------------------------------

  const ORDINARY_WAIT = 50; // ms; a body that has ended by then may be an ordinary response
  // The body changes an element out of band that it has inserted itself. htmx alone would look for
  // it before it inserts anything.
  const CHANGES_ITSELF =
    /^(?=[^]*swap-oob=)[^]*?\bid=["']?([\w-]+)\b[^]+?(\bid=["']?|-oob=["']?[^"'#>]*#)\1\b/;

  /**
   * Reads such a body, and begins a session for it, unless it is an ordinary response. This is left
   * to htmx, as `text`.
   * @param {StreamRequest} request @param {Headers} headers of the response
   * @returns {Reader}
   */
  function readElements(request, headers) {
    let body = "";
    let text = ""; // after the last complete element
    let start = 0; // its position in the body
    let isStream = false;
    /** @type {Session | undefined} */
    let session;
    /** @type {Fragment[]} what the session has not got yet */
    const ready = [];
    // The browser's own parser finds the elements. After each ">", it gets a comment with the
    // position. If this comment is at the top level, so is the end of the element before it.
    const parser = document.implementation.createHTMLDocument();
    parser.write(trusted("<template>"));
    const { content } = /** @type {HTMLTemplateElement} */ (parser.querySelector("template"));

    /** @param {string} action @param {number} [end] the position where the element ends */
    function complete(action, end = Infinity) {
      ready.push({ patches: [{ action, html: text.slice(0, end - start) }] });
      text = text.slice(end - start);
      start = end;
    }

    function show() {
      if (!ready.length || isDocument(body)) return;
      session ??= openSession(request, { read: () => ready.splice(0), idle: 0 });
      session.push("");
    }

    const timer = setTimeout(() => {
      isStream = !headers.has("Content-Length");
      if (isStream) show();
    }, ORDINARY_WAIT);

    return {
      push(more) {
        const position = start + text.length + 1;
        text += more;
        if (!session) body += more;
        parser.write(trusted(more.replace(/>/g, (_, at) => `><!${position + at}>`)));
        for (const node of [...content.childNodes]) {
          const element = node instanceof Comment && node.previousElementSibling;
          if (!element) continue;
          complete(element.matches(OUT_OF_BAND) ? "swap" : "open", +node.data);
          while (content.firstChild !== node) content.firstChild?.remove();
        }
        if (isStream) show();
      },
      close(reason) {
        clearTimeout(timer);
        const isWhole = !reason && !content.firstElementChild;
        if (isWhole && text.trim()) complete("open");
        if (isStream || (!reason && CHANGES_ITSELF.test(body))) show();
        return session?.close(isWhole ? "finished" : reason);
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

  listen("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || !form.matches("[data-stream]")) return;
    if (submitter?.formMethod === "dialog") return;
    event.preventDefault();
    if (!newestOf(form)) void sendForm(form, submitter);
  });

  /** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
  async function sendForm(form, submitter) {
    const controller = new AbortController();
    const request = Object.assign(findPlace(form), {
      source: form,
      abort: () => controller.abort(),
    });
    const sent = formRequest(form, submitter, controller.signal);
    begin(request);
    try {
      const response = await fetch(sent);
      const reader = openReader(request, response);
      if (reader) await readInto(response, reader);
      else if (response.redirected) {
        await response.text(); // Otherwise, browsers report the request as aborted.
        location.assign(response.url);
      } else if (isInsertable(response)) {
        if (response.status !== 204) request.insert(await response.text());
      } else reportFailure(request.source, request.target, response);
    } catch (error) {
      if (!controller.signal.aborted) reportFailure(request.source, request.target, error);
    }
    finish(request);
  }

  const POSITION = / ((?:before|after|inner|outer)\w+)$/;

  /**
   * Returns what a data-stream finds, or else the element that has none.
   * @param {Element} element @returns {any}
   */
  const readTarget = (element) => {
    // A field of a form may be named "dataset".
    const selector = element.getAttribute("data-stream")?.replace(POSITION, "");
    return selector === undefined ? element : document.querySelector(selector || "body");
  };

  /**
   * Returns where an element wants a message: where its data-stream says, or in its own place.
   * @param {HTMLElement} element
   */
  function findPlace(element) {
    const stream = element.getAttribute("data-stream");
    const position = stream === null ? "outerHTML" : POSITION.exec(stream)?.[1] ?? "beforeend";
    const target = readTarget(element);
    if (!target) throw new Error(`no element matches data-stream="${stream}"; an id needs a #`);
    const place = {
      /** Another answer may have replaced it. */
      get target() {
        return (!target.isConnected && element.isConnected && readTarget(element)) || target;
      },
      /** @param {string} html */
      insert(html) {
        const found = /** @type {any} */ (place.target);
        const parent = found.parentElement;
        if (position in found) found[position] = trusted(html);
        else found.insertAdjacentHTML(position, trusted(html));
        processByHtmx(parent);
      },
    };
    return place;
  }

  /**
   * @param {HTMLFormElement} form @param {HTMLElement | null} submitter @param {AbortSignal} signal
   */
  function formRequest(form, submitter, signal) {
    const attribute = (/** @type {string} */ name) =>
      submitter?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
    const url = new URL(attribute("action") || location.href, document.baseURI);
    const data = new FormData(form, submitter);
    const query = new URLSearchParams(/** @type {any} */ (data));
    const headers = { [REQUEST_HEADER]: "html" };
    const body = /multipart/i.test(attribute("enctype")) ? data : query;
    if (/post/i.test(attribute("method"))) {
      return new Request(url, { headers, signal, method: "post", body });
    }
    url.search = String(query);
    return new Request(url, { headers, signal });
  }

  // ---------------------------------------------------------------------------------------------
  // Answers that the page shows again: <div data-stream-src="/reply/1"> asks for one, as a session
  // does for the rest of an answer that was cut.
  // ---------------------------------------------------------------------------------------------

  /** @param {Element} element @returns {Element} whose state says that the answer streams */
  const sourceOf = (element) =>
    document.querySelector(element.getAttribute("data-stream-form") ?? "_") ?? element;

  /** @param {HTMLElement} element @returns {Element | undefined} whose answers go to its place */
  const formAround = (element) =>
    all("form[data-stream]").find((form) => readTarget(form)?.contains(element));

  /** @param {HTMLElement} element */
  function showAnswer(element) {
    const src = /** @type {string} */ (element.getAttribute("data-stream-src"));
    element.removeAttribute("data-stream-src"); // A copy of the page must not ask again.
    const named = sourceOf(element);
    const source = (named === element && formAround(element)) || named;
    const request = Object.assign(findPlace(element), {
      source,
      place: element,
      src,
      abort() {},
      headers: readHeaders(source),
    });
    void openSession(request, { read: () => [] }).close("");
  }

  // ---------------------------------------------------------------------------------------------
  // htmx 2: an extension, which reads the body from the XMLHttpRequest while it arrives. htmx
  // continues when the reply has ended, and then swaps nothing: the message was swapped in when its
  // first fragment arrived, with the events and headers that belong to a swap.
  // ---------------------------------------------------------------------------------------------

  /** @type {any} htmx's internal API, which it passes to extensions */
  let htmx2API;

  function extendHtmx2() {
    swapByHtmx = (html) => htmx.swap("body", html, { swapStyle: "none" });
    htmx.defineExtension("streaming-html", {
      init(/** @type {any} */ internal) {
        htmx2API = internal;
        readHeaders = (element) => keepSendable(internal.getHeaders(element, element));
      },
      onEvent(/** @type {string} */ name, /** @type {any} */ { detail }) {
        if (name === "htmx:configRequest") detail.headers[REQUEST_HEADER] ??= "html";
        if (name === "htmx:beforeSend") readXHR(detail);
        const { elt, target, xhr, error, swapOverride } = detail;
        if (/(send|response)Error|timeout/.test(name) && !swapOverride) {
          reportFailure(elt, target, xhr.status ? readResponse(xhr, xhr.responseText) : error);
        }
      },
    });
    // Events of a swap are fired on its target, which may be outside of the extension's element, in
    // two spellings. The page has already heard about the swap that inserted the message, so it
    // does not hear about the one at the end, which inserts nothing.
    const camelCase = "htmx:beforeSwap htmx:afterSwap htmx:afterSettle";
    const suppress = (/** @type {any} */ event) => {
      if (event.detail.inserted) event.stopPropagation();
    };
    listen(camelCase + " htmx:before-swap htmx:after-swap htmx:after-settle", suppress, true);
  }

  /**
   * Returns the headers that fetch() does not refuse.
   * @param {Record<string, string | null>} sent
   */
  function keepSendable(sent) {
    /** @type {Record<string, string>} */
    const headers = {};
    for (const name in sent) {
      const value = sent[name];
      if (value && !/[^\0-\xff]/.test(value)) headers[name] = value;
    }
    return headers;
  }

  /**
   * Returns what fetch() would return.
   * @param {XMLHttpRequest} xhr @param {string} [body]
   */
  function readResponse(xhr, body) {
    const headers = new Headers();
    const lines = xhr.getAllResponseHeaders().matchAll(/(.+?): (.*)/g);
    for (const [, name, value] of lines) headers.append(name, value);
    const { status, statusText } = xhr;
    return new Response(body, { status, statusText, headers });
  }

  /**
   * Returns whether the reader should go where a request was redirected to, such as a page to sign
   * in. A page may also be what htmx was asked for: to show it, or a part of it.
   * @param {any} detail htmx's responseInfo
   */
  function isAway({ elt, target, xhr, boosted, select }) {
    const isPart = boosted || (select ?? htmx2API.getClosestAttributeValue(elt, "hx-select"));
    const isUnasked = !isPart && target !== document.body && isDocument(xhr.responseText);
    return isUnasked || wantsStream(elt);
  }

  /**
   * Reads the response to one request of htmx 2 while it arrives.
   * @param {any} detail htmx's responseInfo. `inserted` is added to it after the events of the swap
   *   that inserts the message.
   */
  function readXHR(detail) {
    const { elt, target, xhr } = detail;
    /** @type {Reader | undefined} */
    let reader;
    let read = 0; // characters of the body
    let letHtmxContinue = () => {};

    // For its last swap, htmx takes these from the object.
    const swapNothing = () =>
      Object.assign(detail, { serverResponse: "", swapOverride: "none" });

    const request = {
      source: sourceOf(elt),
      target,
      insert: (/** @type {string} */ html) => insertByHtmx2(detail, request.target, html),
      abort: xhr.abort.bind(xhr),
      headers: keepSendable(detail.requestConfig.headers),
      elements: true,
      onOpen() {
        xhr.timeout = 0; // It would limit the whole request.
        swapNothing();
      },
    };
    xhr.abort = () => {
      request.abort();
      letHtmxContinue();
    };

    function open() {
      const response = readResponse(xhr);
      const selector = response.headers.get("HX-Retarget");
      if (selector === "this") request.target = elt;
      else if (selector) request.target = htmx2API.querySelectorExt(elt, selector);
      const { href } = new URL(detail.pathInfo.finalRequestPath, document.baseURI);
      // Otherwise it was redirected, to a page to sign in, for example.
      request.elements = xhr.responseURL === href.split("#")[0];
      return openReader(request, response);
    }

    function readNewText() {
      if (!read) reader ??= open();
      const text = xhr.responseText.slice(read); // empty after an error
      read += text.length;
      reader?.push(text);
    }

    // Until the response begins, this can be stopped too.
    begin(request);
    xhr.onloadend = () => finish(request);
    // In the last of these events, the request cannot be aborted, and htmx would wait for ever.
    xhr.onprogress = () => xhr.readyState < 4 && readNewText();
    // htmx continues when everything is on the page. After its own abort, it does not wait.
    for (const name of ["onload", "onerror", "onabort"]) {
      const htmxListener = xhr[name];
      xhr[name] = async (/** @type {Event} */ event) => {
        const isWhole = xhr.status; // It is 0 after an error.
        if (isWhole) readNewText();
        if (isWhole && !reader && !request.elements && isAway(detail)) {
          swapNothing();
          // At once, browsers would report the request as aborted.
          setTimeout(() => location.assign(xhr.responseURL));
        }
        letHtmxContinue = () => {
          letHtmxContinue = () => {};
          htmxListener.call(xhr, event);
        };
        await reader?.close(isWhole ? "" : "incomplete");
        letHtmxContinue();
      };
    }
  }

  /**
   * Swaps the message in as htmx 2 swaps a response. At the end of the body, where htmx would do
   * this itself, listeners could not change anything any more.
   * @param {any} detail @param {Element} target @param {string} html
   */
  async function insertByHtmx2(detail, target, html) {
    const { elt, xhr, etc } = detail;
    const header = (/** @type {string} */ name) => xhr.getResponseHeader(name);
    const attribute = (/** @type {string} */ name) => htmx2API.getClosestAttributeValue(elt, name);
    const info = {
      ...detail,
      target,
      shouldSwap: true,
      serverResponse: html,
      swapOverride: header("HX-Reswap") ?? etc.swapOverride,
    };
    detail.inserted = true;
    if (!htmx2API.triggerEvent(target, "htmx:beforeSwap", info) || !info.shouldSwap) return;
    await new Promise((afterSwapCallback) => htmx.swap(
      info.target,
      info.serverResponse,
      htmx2API.getSwapSpecification(elt, info.swapOverride),
      {
        select: header("HX-Reselect") ?? detail.select ?? attribute("hx-select"),
        selectOOB: etc.selectOOB ?? attribute("hx-select-oob"),
        contextElement: elt,
        eventInfo: info,
        afterSwapCallback,
      },
    ));
  }

  // ---------------------------------------------------------------------------------------------
  // htmx 4: an extension, which replaces the function that htmx calls for the text of a response.
  // htmx gets an empty text when the reply is on the page, and continues with the rest of its
  // request.
  // ---------------------------------------------------------------------------------------------

  function extendHtmx4() {
    swapByHtmx = (text) =>
      htmx.swap({
        sourceElement: document.body,
        swap: "none",
        text: text.replace(/^\s*<template>|<\/template>$/g, ""), // where htmx 4 looks for nothing
      });
    htmx.registerExtension("streaming-html", {
      init(/** @type {any} */ api) {
        // Under Trusted Types, htmx needs a policy too. We never send the text of a script.
        const createScript = (/** @type {string} */ text) => text;
        api.initSecurity?.({ createHTML: trusted, createScript });
        readHeaders = (element) => {
          const add = (/** @type {object} */ found) => Object.assign(headers, found);
          /** @type {Record<string, string>} */
          const headers = {};
          api.getAttributeObject(element, "hx-headers", add);
          return headers;
        };
      },
      htmx_config_request(/** @type {Element} */ _, /** @type {any} */ { ctx }) {
        if (ctx.request.abort) ctx.request.headers[REQUEST_HEADER] ??= "html";
      },
      htmx_before_request(/** @type {Element} */ source, /** @type {any} */ { ctx }) {
        const { abort, headers } = ctx.request;
        ctx.sent = { source: sourceOf(source), target: ctx.target, abort, headers };
        // htmx calls an extension for every request.
        if (wantsStream(source)) begin(ctx.sent);
      },
      htmx_finally_request(/** @type {Element} */ _, /** @type {any} */ { ctx }) {
        finish(ctx.sent);
      },
      htmx_error(/** @type {Element} */ source, /** @type {any} */ { ctx, error }) {
        if (wantsStream(source) && ctx && !ctx.response && error.name !== "AbortError") {
          reportFailure(source, ctx.target, error);
        }
      },
      htmx_before_response(/** @type {Element} */ source, /** @type {any} */ { ctx }) {
        const { hx, request, sent } = ctx;
        if (!sent) return; // It was sent before this file was there.
        const response = ctx.response.raw;
        const target = (hx.retarget && htmx.find(source, hx.retarget)) ?? ctx.target;
        const swap = hx.reswap ?? ctx.swap;
        const select = hx.reselect ?? ctx.select;
        const reader = openReader(Object.assign(sent, {
          target,
          // The message is inserted by the request's only swap, with its history and its events.
          insert: (/** @type {string} */ text) =>
            htmx.swap(Object.assign(ctx, { text, target, swap, select, status: "streaming" })),
          elements: source.closest("[hx-ext*=streaming-html]"),
          onOpen() {
            request.abort = sent.abort;
            clearTimeout(ctx.requestTimeout); // It would limit the whole request.
            ctx.swap = hx.reswap = "none";
          },
        }), response);
        if (reader) {
          response.text = async () => {
            const error = await readInto(response, reader);
            if (error) throw error;
            return reader.text ?? "";
          };
        } else if (wantsStream(source)) keepOut(source, ctx);
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
    // Another extension that reads the body has replaced its `text()`.
    if (raw.ok ? !raw.redirected || Object.keys(raw)[0] : isOwn) return;
    raw.text = async () => {
      const text = await raw.clone().text();
      if (raw.redirected) location.assign(raw.url);
      else if (isForeign(raw, text)) reportFailure(source, ctx.target, raw.clone());
      else return text;
      ctx.swap = ctx.hx.reswap = "none";
      return "";
    };
  }

  if (htmx?.registerExtension) extendHtmx4();
  else if (htmx) extendHtmx2();

  // ---------------------------------------------------------------------------------------------
  // Turbo: a fetched response of <turbo-stream> elements, which Turbo itself would only apply when
  // all of it has arrived. Turbo sends the request, and treats every other response as always.
  // ---------------------------------------------------------------------------------------------

  listen("turbo:submit-start", ({ target: source, detail }) => {
    const { fetchRequest } = detail.formSubmission;
    const request = {
      source,
      target: source,
      place: document.body, // A visit replaces it.
      abort: () => fetchRequest.cancel(),
      headers: fetchRequest.headers,
    };
    memoryOf(source).turbo = request;
    if (wantsStream(source)) begin(request);
  });
  listen("turbo:submit-end", ({ target }) => finish(memoryOf(target).turbo));

  // Turbo listens on the window, and so comes after this.
  listen("turbo:before-fetch-response", (event) => {
    const { target: source, detail } = event;
    const { turbo } = memoryOf(source);
    const { response } = detail.fetchResponse;
    const stream = readContentType(response.headers);
    if (turbo && stream?.turbo) {
      event.stopPropagation();
      void readInto(response, openSession(turbo, stream));
    } else {
      // Turbo would show the page of a proxy in place of this one, and is silent about an error
      // that is not HTML.
      if (response.ok || !wantsStream(source) || !isForeign(response, "")) return;
      reportFailure(source, source, response);
    }
    event.preventDefault();
  });

  listen("turbo:fetch-request-error", ({ target, detail }) => {
    if (wantsStream(target)) reportFailure(target, target, detail.error);
  });

  const COPY_TIME = 20; // ms until a library has its copy

  // Turbo and htmx 2 show their copy of the page when the reader comes back. Nothing in the copy is
  // busy, and no answer seems complete that is not. What stays on the page shows its state again
  // with its next fragment.
  listen("turbo:before-cache htmx:beforeHistorySave", () => {
    for (const each of running) {
      each.setBusy?.(false);
      endLine(each);
      showEnded(each.source);
      if (!each.timer) continue;
      each.line = createNotice(each.source, "lost");
      each.noticePlace()?.append(each.line);
      setTimeout(endLine, COPY_TIME, each);
    }
  });

  // ---------------------------------------------------------------------------------------------
  // Pages on which another library reads the stream, and changes the page: hx-sse and hx-multipart
  // of htmx 4, htmx-ext-sse of htmx 2, and Datastar. A session follows what they do, for the form's
  // state, the stop button, the live regions, the notices and the events.
  // ---------------------------------------------------------------------------------------------

  /**
   * Reports a change to the page.
   * @param {any} stream what the other library reads, as an object of its own
   * @param {Element} element that has asked
   * @param {string} html the change, trusted
   * @param {() => void} abort closes the connection
   * @param {any} [sent] the request, as `htmx_before_request` has made it
   * @param {Headers} [responseHeaders]
   */
  function readBeside(stream, element, html, abort, sent = {}, responseHeaders) {
    const memory = memoryOf(stream);
    if (!memory.session) {
      if (!/\bstreamhtml\b/.test(html)) return; // It is not from this library.
      const named = sourceOf(element);
      const source = named.closest("form") ?? named;
      const read = (/** @type {string} */ change) => [
        { patches: [{ action: "append", html: change }] },
      ];
      noteSent(source);
      const { headers, isStopped } = sent;
      /** @type {any} */
      const request = { source, target: source, abort, headers, isStopped };
      memory.session = openSession(request, { read, idle: 0, headers: responseHeaders });
      endLine(request); // It would be in the way of the other library's changes.
      finish(sent);
    }
    memory.session.push(html);
  }

  /** @param {any} stream @param {string} reason */
  function endBeside(stream, reason) {
    const memory = memoryOf(stream);
    memory.session?.close(reason);
    memory.session = undefined;
  }

  listen("htmx:after:swap", ({ target, detail: { ctx } }) => {
    const { sse, multipart = sse } = target._htmx ?? {};
    if (multipart && ctx.response) { // A script's own swap has no response.
      readBeside(multipart, target, ctx.text, () => {
        multipart.cancelled = true;
        multipart.config.reconnect = false;
        (multipart.abortController ?? multipart).abort();
      }, ctx.sent, ctx.response.headers);
    }
  });
  // If the form was replaced, htmx dispatches these on the document. Before version 4.0, the first
  // is spelled in another way, and has no connection.
  listen("htmx:sse:after:message htmx:after:sse:message", ({ target, detail }) => {
    const { message, connection = target._htmx?.sse ?? {} } = detail;
    if (message.event === "end") endBeside(connection, message.data);
  });
  listen("htmx:multipart:before:part", ({ detail: { connection, part: { headers } } }) => {
    const id = headers.get("HX-Part-ID");
    // The ids of the answer's parts have a number, and may end like an outcome.
    if (!/^\D+ed$/.test(id) || !memoryOf(connection).session) return;
    connection.cancelled = true; // after this part
    headers.set("HX-Trigger", "stream:" + id); // The session dispatches `stream:end`.
    endBeside(connection, id);
  });
  listen("htmx:sse:close htmx:multipart:close", ({ detail: { connection, reason } }) =>
    endBeside(connection, reason === "ended" ? "incomplete" : "aborted"),
  );

  listen("htmx:sseOpen", ({ detail: { source } }) =>
    source.addEventListener("end", (/** @type {any} */ { data }) => endBeside(source, data)),
  );
  listen("htmx:sseMessage", ({ target, detail }) =>
    readBeside(detail.target, target, detail.data, () => detail.target.close()),
  );
  // It may come before the event with the outcome.
  listen("htmx:sseClose", ({ detail }) => setTimeout(endBeside, 0, detail.source, "aborted"));

  // Datastar does not report the event that has the outcome, but the notice has it, too. The
  // answer's own text may have the same words, but not in a tag.
  listen("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
    const memory = memoryOf(el);
    const html = argsRaw?.elements;
    if (type === "started") memory.outcome = undefined;
    if (html) {
      memory.outcome = /<[^>]*streamhtml-notice-(\w+)/.exec(html)?.[1] ?? memory.outcome;
      readBeside(el, el, html, () => el.streamController?.abort());
    }
    if (type === "finished") endBeside(el, memory.outcome ?? type);
    if (/error|failed/.test(type)) endBeside(el, "incomplete");
  });

  onChange([{}]);
})();
