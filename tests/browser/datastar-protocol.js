/**
 * A reader of Datastar's protocol, for tests. It takes the place of Datastar, whose current bundle
 * is in no package registry. It contains no code of Datastar, and follows the public specification of
 * `datastar-patch-elements` (https://data-star.dev/reference/sse_events) and of event streams.
 *
 * It is stricter than Datastar, which only warns: a word that it does not know is an error, and so
 * is a selector that finds nothing, or more than one. Like Datastar, it passes over events whose
 * names do not begin with "datastar". It leaves out signals, and morphing ("outer" replaces).
 *
 * <form data-datastar="/url"> asks there, by GET. A broken connection is asked for again at once, with
 * `Last-Event-ID`; one that has ended is not.
 */
const MODES = {
  outer: (target, content) => target.replaceWith(content),
  inner: (target, content) => target.replaceChildren(content),
  replace: (target, content) => target.replaceWith(content),
  prepend: (target, content) => target.prepend(content),
  append: (target, content) => target.append(content),
  before: (target, content) => target.before(content),
  after: (target, content) => target.after(content),
  remove: (target) => target.remove(),
};
const BY_ID = ["outer", "replace"]; // the modes that need no selector

function patchElements(data) {
  const said = {};
  for (const line of data.split("\n")) {
    const [, key, value] = /^(\S+) ?(.*)$/s.exec(line);
    if (!["selector", "mode", "elements"].includes(key)) throw new Error("unknown key: " + line);
    if (key in said && key !== "elements") throw new Error("said twice: " + line);
    said[key] = key in said ? said[key] + "\n" + value : value;
  }
  const { selector = "", mode = "outer", elements = "" } = said;
  if (!Object.hasOwn(MODES, mode)) throw new Error("unknown mode: " + mode);
  if (!elements !== (mode === "remove")) throw new Error("elements for " + mode + ": " + elements);
  const { content } = Object.assign(document.createElement("template"), { innerHTML: elements });
  if (selector) {
    const targets = document.querySelectorAll(selector);
    if (targets.length !== 1) throw new Error(`${targets.length} elements are ${selector}`);
    MODES[mode](targets[0], content);
  } else {
    if (!BY_ID.includes(mode)) throw new Error("no selector for " + mode);
    for (const element of [...content.children]) {
      const target = document.getElementById(element.id);
      if (!target) throw new Error("no element has the id " + element.id);
      MODES[mode](target, element);
    }
  }
}

/** Reads one response to its end; rejects where it breaks off. */
async function read(response, onId) {
  let text = "";
  let event = "";
  let data = [];
  for await (const more of response.body.pipeThrough(new TextDecoderStream())) {
    // A CR at the end is kept back: if an LF follows, both are one end of a line.
    const lines = (text + more).split(/\r\n|\r(?!$)|\n/);
    text = lines.pop();
    for (const line of lines) {
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === "id") onId(value);
      else if (field === "event") event = value;
      else if (field === "data") data.push(value);
      else if (line && field && field !== "retry") throw new Error("unknown field: " + line);
      if (line) continue;
      if (event === "datastar-patch-elements") patchElements(data.join("\n"));
      else if (event.startsWith("datastar")) throw new Error("unknown event: " + event);
      event = "";
      data = [];
    }
  }
  if (text || event || data.length) throw new Error("the stream ends inside an event");
}

document.addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const headers = {
    Accept: "text/event-stream, text/html, application/json",
    "Datastar-Request": "true",
  };
  const ask = () => fetch(submit.target.dataset.datastar, { headers });
  for (let response = await ask(); response; ) {
    try {
      await read(response, (id) => (headers["Last-Event-ID"] = id));
      response = undefined;
    } catch (error) {
      if (error.message !== "network error") throw error;
      response = await ask();
    }
  }
});
