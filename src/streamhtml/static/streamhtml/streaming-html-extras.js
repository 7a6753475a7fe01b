/**
 * streaming-html-extras: buttons that copy code, tables and answers, and new words that fade in.
 * It only needs to be loaded. Stored answers need no other file:
 *
 *   <script src="…/streaming-html-extras.min.js" defer></script>
 *
 * docs/reference/client.md describes the attributes of the element.
 *
 * The law: nothing is added to an answer before it is complete, because the next fragment would
 * then be inserted at the wrong place. What is added is never a part of the answer's text.
 */
(() => {
  "use strict";

  const script = /** @type {HTMLElement} */ (document.currentScript);
  const {
    extras = "code tables answers fade",
    in: places = ".streamhtml",
    copy = "Copy",
    copied = "Copied",
    copyMarkdown = "Copy as Markdown",
    copyCsv = "Copy as CSV",
    copyAnswer = "Copy answer",
  } = script.dataset;
  const COPIED_SHOWN_FOR = 2000; // ms

  /** @param {string} name @returns {boolean} whether the page wants this */
  const wants = (name) => extras.split(/\s+/).includes(name);

  /** What is on the page and not a part of the answer's text, or is folded away. */
  const LEFT_OUT =
    "button,details,.streamhtml-html,.streamhtml-notice,.streamhtml-actions," +
    ".streamhtml-citation-card,.markdown-alert-title";

  // ---------------------------------------------------------------------------------------------
  // The Markdown of an answer, from its DOM. This library shows it as the same DOM again.
  // ---------------------------------------------------------------------------------------------

  const BLOCK = "p,h1,h2,h3,h4,h5,h6,ul,ol,pre,blockquote,table,div,section,hr";
  const LINE_BREAK = "\0"; // until it is known where the text goes; no answer contains it

  /** @param {string} text */
  const trim = (text) => text.replace(/^[ \t\n]+|[ \t\n]+$/g, "");

  /**
   * Returns the Markdown of the blocks in an element, and of the text between them.
   * @param {Element} parent
   * @param {string} [gap] what stands between two blocks
   * @returns {string}
   */
  function blocksOf(parent, gap = "\n\n") {
    const found = [];
    let line = "";
    for (const node of [...parent.childNodes, null]) {
      const isBlock = node instanceof Element && node.matches(BLOCK);
      if (node && !isBlock) line += inlineOf(node);
      else {
        found.push(escapeLines(trim(line)).replace(/\0\n?/g, "\\\n"));
        line = "";
        if (isBlock && !node.matches(LEFT_OUT)) found.push(blockOf(node));
      }
    }
    return found.filter(Boolean).join(gap);
  }

  /** @param {Element} element @returns {string} */
  function blockOf(element) {
    const name = element.localName;
    if (name === "hr") return element.closest("li") ? "___" : "---"; // "- ---" is a rule only.
    if (name === "pre") return codeBlockOf(element);
    if (name === "table") return tableOf(/** @type {HTMLTableElement} */ (element));
    if (name === "blockquote") return prefixed(blocksOf(element), "> ");
    if (element.matches(".footnotes > ol")) return footnotesOf(element);
    if (/^[uo]l$/.test(name)) return listOf(element);
    if (/^h\d$/.test(name)) {
      return "#".repeat(+name[1]) + " " + lineOf(element).replace(/#+$/, "\\$&");
    }
    if (element.matches("div.math-display")) return `$$\n${texOf(element)}\n$$`;
    const kind = /markdown-alert-(\w+)/.exec(element.className)?.[1].toUpperCase();
    return kind ? prefixed(`[!${kind}]\n${blocksOf(element)}`, "> ") : blocksOf(element);
  }

  /**
   * Returns a text whose first line has one prefix, and whose others have another one.
   * @param {string} text @param {string} first @param {string} [others]
   */
  const prefixed = (text, first, others = first) =>
    (first + text.replaceAll("\n", "\n" + others)).replace(/^[ >]+$/gm, (line) => line.trimEnd());

  /** @param {Element} list */
  function listOf(list) {
    const gap = list.querySelector(":scope > li > p") ? "\n\n" : "\n"; // A tight list has no <p>.
    // Two lists, one after the other, would be one if they had the same marks.
    const isSecond = list.previousElementSibling?.localName === list.localName;
    const [bullet, sign] = isSecond ? ["* ", ") "] : ["- ", ". "];
    const { start } = /** @type {HTMLOListElement} */ (list);
    return [...list.children]
      .map((item, index) => {
        const mark = list.matches("ol") ? start + index + sign : bullet;
        return prefixed(blocksOf(item, gap), mark, " ".repeat(mark.length));
      })
      .join(gap);
  }

  /** @param {Element} list */
  const footnotesOf = (list) =>
    [...list.children]
      .map((item, index) => prefixed(blocksOf(item), `[^${index + 1}]: `, "    "))
      .join("\n\n");

  /** @param {Element} pre */
  function codeBlockOf(pre) {
    const code = pre.querySelector("code") ?? pre;
    const text = textOf(code).replace(/[^\n]$/, "$&\n");
    if (code.matches(".math-display")) return `$$\n${text}$$`;
    const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
    const language = /language-(\S+)/.exec(code.className)?.[1] ?? "";
    return `${fence}${language}\n${text}${fence}`;
  }

  /** @param {string} text @returns {number} the length of the longest run of backticks */
  const longestRun = (text) => Math.max(...text.split(/[^`]+/).map((run) => run.length));

  /** @param {HTMLTableElement} table */
  function tableOf(table) {
    const rows = [...table.rows].map((row) =>
      [...row.cells].map((cell) => lineOf(cell).replaceAll("|", "\\|")),
    );
    /** @type {Record<string, string>} */
    const marks = { left: ":--", center: ":-:", right: "--:" };
    rows.splice(1, 0, [...table.rows[0].cells].map(({ align }) => marks[align] ?? "---"));
    return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  }

  /** @param {Element} element @returns {string} what can only have one line */
  const lineOf = (element) =>
    trim(inlinesOf(element)).replace(/\0\n?/g, "<br>").replaceAll("\n", " ");

  /** @param {Node} parent @returns {string} */
  const inlinesOf = (parent) => [...parent.childNodes].map(inlineOf).join("");

  /** @type {Record<string, (element: any, content: string) => string>} by the element's name */
  const INLINES = {
    a: linkOf,
    br: () => LINE_BREAK,
    code: (element) => codeOf(textOf(element)),
    del: (_, content) => marked(content, "~~"),
    // "***a***" is <em><strong>.
    em: (element, content) => marked(content, isAllOfItsMark(element) ? "_" : "*"),
    img: (element) =>
      "!" + bracketed(escapeText(element.alt), element.getAttribute("src"), element.title),
    input: ({ checked }) => (checked ? "[x]" : "[ ]"),
    kbd: tagged,
    strong: (_, content) => marked(content, "**"),
    sub: tagged,
    sup: tagged,
  };

  /** @param {Element} element */
  const isAllOfItsMark = (element) =>
    element.matches("strong > *, em > *") &&
    element.parentElement?.textContent === element.textContent;

  /** @param {Node} node @returns {string} */
  function inlineOf(node) {
    if (node instanceof Text) return escapeText(node.data.replace(/ +\n/g, "\n"));
    if (!(node instanceof Element) || node.matches(LEFT_OUT)) return "";
    if (node.matches(".streamhtml-text")) return textOf(node);
    if (node.matches("math,.language-math")) return formulaOf(node);
    const content = inlinesOf(node);
    return INLINES[node.localName]?.(node, content) ?? content;
  }

  /** @param {HTMLElement} element @param {string} content */
  function tagged(element, content) {
    if (element.matches(".footnote-ref")) return `[^${textOf(element)}]`;
    return `<${element.localName}>${content}</${element.localName}>`;
  }

  /** @param {HTMLAnchorElement} anchor @param {string} content */
  function linkOf(anchor, content) {
    const address = anchor.getAttribute("href") ?? "";
    if (anchor.matches(".footnotes [href^='#']")) return ""; // the way back
    const text = textOf(anchor);
    const isAddress = /^https?:[^\s<>]+$/.test(text) && URL.canParse(text);
    const isBare = isAddress ? new URL(text).href === anchor.href : address === "mailto:" + text;
    if (isBare) return `<${text}>`;
    const escaped = anchor.querySelector("img") ? content : content.replace(/\\?[[\]]/g, escape);
    return bracketed(escaped, address, anchor.title);
  }

  /** Escapes a character that may be escaped already. @param {string} found */
  const escape = (found) => "\\" + found.at(-1);

  /** @param {string} content @param {string} address @param {string} title */
  function bracketed(content, address, title) {
    const target = /^$|[\s()<>]/.test(address) ? `<${address}>` : address;
    return `[${content}](${target}${title && ` "${title.replace(/["\\]/g, "\\$&")}"`})`;
  }

  /** @param {string} content @param {string} mark White space must not stand just inside of it. */
  function marked(content, mark) {
    const inner = content.trim();
    return inner && content.replace(inner, () => mark + inner + mark);
  }

  /** @param {string} text */
  function codeOf(text) {
    const ticks = "`".repeat(longestRun(text) + 1);
    const space = /^`|`$|^ .*\S.* $/.test(text) ? " " : "";
    return ticks + space + text + space + ticks;
  }

  /** @param {Element} formula */
  function formulaOf(formula) {
    const mark = formula.matches(".math-display,[display=block]") ? "$$" : "$";
    return mark + texOf(formula).replace(/\s+/g, " ") + mark;
  }

  /** @param {Element} formula @returns {string} its source, if there is one */
  function texOf(formula) {
    const source = formula.matches("[data-tex]") ? formula : formula.querySelector("[data-tex]");
    const annotation = formula.querySelector("annotation[encoding$=tex]");
    return trim(source?.getAttribute("data-tex") ?? (annotation ?? formula).textContent ?? "");
  }

  /** Escapes what would be a mark of Markdown. @param {string} text */
  function escapeText(text) {
    const escaped = text
      .replace(/[\\`]|(?<!\s)\*|\*(?!\s)|~(?=~)|!$|<(?=[\w/!?])|&(?=#?\w+;)/g, "\\$&")
      .replace(/\[(?=[\^!]|[ xX]\])|\](?=\()/g, "\\$&")
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\$&");
    return text.split("$").length > 2 ? escaped.replaceAll("$", "\\$") : escaped;
  }

  /** Escapes what would be a mark at the beginning of a line. @param {string} text */
  const escapeLines = (text) =>
    text
      .replace(/^(\d{1,9})(?=[.)](\s|$))/gm, "$1\\")
      .replace(/^(?=(#{1,6}|[-+*])(\s|$)|>|=+\s*$|[|:]*-[-\s|:]*$|~~~|\[[^\]]*\]:)/gm, "\\");

  // ---------------------------------------------------------------------------------------------
  // Tables as CSV (RFC 4180).
  // ---------------------------------------------------------------------------------------------

  /** @param {HTMLTableElement} table */
  const csvOf = (table) =>
    [...table.rows].map((row) => [...row.cells].map(fieldOf).join(",") + "\r\n").join("");

  /** @param {Element} cell */
  function fieldOf(cell) {
    let text = textOf(cell).trim();
    // A spreadsheet would compute what a model has written.
    if (/^[=@]|^[+-](?![\d.,\s]+%?$)/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  /** @param {Node} node @returns {string} the text that a reader sees */
  function textOf(node) {
    if (!(node instanceof Element)) return node.textContent ?? "";
    if (node.matches(LEFT_OUT)) return "";
    if (node.matches("math")) return texOf(node);
    return node.matches("br") ? "\n" : [...node.childNodes].map(textOf).join("");
  }

  // ---------------------------------------------------------------------------------------------
  // The buttons. CSS shows their labels, so that a reader who selects the answer does not copy the
  // labels too. What a button copies is found by its place, for it may be in a copy of the page.
  // ---------------------------------------------------------------------------------------------

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":where(.streamhtml-copy)::before{content:attr(aria-label)}");
  document.adoptedStyleSheets.push(sheet);

  /** @type {Record<string, (place: any) => string>} what is copied, by the value of the button */
  const COPIES = {
    answer: (region) => blocksOf(region) + "\n",
    code: textOf,
    csv: csvOf,
    table: (table) => tableOf(table) + "\n",
  };

  /** @param {string} value @param {string} label */
  function createButton(value, label) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "streamhtml-copy";
    button.value = value;
    button.ariaLabel = label;
    return button;
  }

  /** @param {Element} place @param {[string, string][]} buttons their values and labels */
  function addActions(place, ...buttons) {
    if (place.nextElementSibling?.matches(".streamhtml-actions")) return;
    const actions = document.createElement("div");
    actions.className = "streamhtml-actions";
    actions.append(...buttons.map(([value, label]) => createButton(value, label)));
    place.after(actions);
  }

  /** @param {string} selector @returns {Element[]} what is complete and the model's */
  const findComplete = (selector) =>
    [...document.querySelectorAll(selector)].filter(
      (element) => !element.closest(".streamhtml[aria-busy=true], .streamhtml-html"),
    );

  function addButtons() {
    const inside = `:is(${places})`;
    if (wants("code")) {
      for (const code of findComplete(inside + " pre > code:only-child:not(.language-math)")) {
        code.before(createButton("code", copy));
        code.parentElement?.removeAttribute("tabindex");
      }
    }
    if (wants("tables")) {
      for (const table of findComplete(inside + " table")) {
        addActions(table, ["table", copyMarkdown], ["csv", copyCsv]);
      }
    }
    if (wants("answers")) {
      for (const region of findComplete(inside)) {
        const isPart = region.parentElement?.closest(`${inside}, details`);
        if (!isPart && trim(blocksOf(region))) addActions(region, ["answer", copyAnswer]);
      }
    }
  }

  document.addEventListener("click", async ({ target }) => {
    const button = target instanceof Element && target.closest("button.streamhtml-copy");
    if (!(button instanceof HTMLButtonElement)) return;
    const place = button.nextElementSibling?.matches("code")
      ? button.nextElementSibling
      : button.parentElement?.previousElementSibling;
    const label = button.ariaLabel;
    await navigator.clipboard.writeText(COPIES[button.value](place));
    for (const status of document.querySelectorAll("[data-stream-status]")) {
      status.textContent = copied;
    }
    if (label === copied) return;
    button.ariaLabel = copied;
    setTimeout(() => (button.ariaLabel = label), COPIED_SHOWN_FOR);
  });

  // ---------------------------------------------------------------------------------------------
  // New words fade in. Highlights are drawn over the text, so the DOM is not changed. A highlight
  // can have no transition, so there is one for each step, and the words move from one to the next.
  // Within a mix, Chromium does not know the colour of the words (currentcolor).
  // ---------------------------------------------------------------------------------------------

  const STEPS = 8;
  const STEP = 50; // ms

  function fadeIn() {
    const steps = Array.from({ length: STEPS }, () => new Highlight());
    const rules = steps.map((_, step) => {
      const share = (100 * (step + 1)) / (STEPS + 1);
      const color = `color-mix(in srgb,var(--streamhtml-new,CanvasText) ${share}%,#0000)`;
      return `::highlight(streamhtml-new-${step}){color:${color}}`;
    });
    sheet.replaceSync(sheet.cssRules[0].cssText + rules.join(""));
    const calm = matchMedia("(prefers-reduced-motion: reduce), (forced-colors: active)");
    let timer = 0;

    function advance() {
      const oldest = /** @type {Highlight} */ (steps.pop());
      oldest.clear();
      steps.unshift(oldest);
      steps.forEach((words, step) => CSS.highlights.set("streamhtml-new-" + step, words));
      timer = steps.some(({ size }) => size) ? setTimeout(advance, STEP) : 0;
    }

    const observer = new MutationObserver((records) => {
      if (calm.matches) return;
      for (const range of newWords(records)) steps[0].add(range);
      timer ||= setTimeout(advance, STEP);
    });
    let streams = 0;
    document.addEventListener("stream:start", () => {
      streams++;
      observer.observe(document, { childList: true, subtree: true });
    });
    document.addEventListener("stream:end", () => --streams || observer.disconnect());
  }

  /**
   * Returns what has come at the end of each live region. A tail is removed and comes again, so
   * only as many characters are new as there are more of them.
   * @param {MutationRecord[]} records
   */
  function newWords(records) {
    /** @type {Map<Element, {grown: number, last: Node | undefined}>} */
    const regions = new Map();
    for (const { target, addedNodes, removedNodes } of records) {
      const region = target instanceof Element && target.closest(".streamhtml");
      if (!region) continue;
      const found = regions.get(region) ?? { grown: 0, last: undefined };
      regions.set(region, found);
      for (const node of addedNodes) {
        found.grown += node.textContent?.length ?? 0;
        if (region.contains(node)) found.last = node;
      }
      for (const node of removedNodes) found.grown -= node.textContent?.length ?? 0;
    }
    return [...regions].flatMap(([region, { grown, last }]) =>
      last && grown > 0 ? [lastCharacters(region, last, grown)] : [],
    );
  }

  /** @param {Element} region @param {Node} last @param {number} count */
  function lastCharacters(region, last, count) {
    const range = document.createRange();
    range.setEndAfter(last);
    const texts = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
    texts.currentNode = last;
    texts.lastChild();
    for (let node = texts.currentNode; node; ) {
      const { length = 0 } = /** @type {Text} */ (node);
      range.setStart(node, Math.max(0, length - count));
      count -= length;
      const previous = count > 0 && texts.previousNode();
      if (!previous) break;
      node = previous;
    }
    return range;
  }

  if (wants("fade") && window.Highlight) fadeIn();

  if (wants("code")) {
    // Until a block has its button, the keyboard could not reach it to scroll it.
    document.addEventListener("stream:fragment", () => {
      for (const pre of document.querySelectorAll("[aria-busy=true] pre:not([tabindex])")) {
        pre.setAttribute("tabindex", "0");
      }
    });
  }

  // Browsers allow access to the clipboard only with HTTPS and on localhost.
  if (!navigator.clipboard) return;
  for (const name of ["stream:end", "turbo:load"]) document.addEventListener(name, addButtons);
  for (const name of ["afterSettle", "after:settle"]) {
    document.addEventListener("htmx:" + name, ({ target }) => {
      // A new page. Any other swap may be a fragment of an answer that grows.
      if (target === document.body) addButtons();
    });
  }
  addButtons();
})();
