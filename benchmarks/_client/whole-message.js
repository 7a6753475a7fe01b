// The tutorial's client, rebuilt for benchmarks/client.py: an htmx 2 extension that sends htmx's
// request by fetch, takes each read of the body for a fragment, and lets htmx swap it. Its faults
// are the point: a read is not a fragment, and a character may be cut.
(() => {
  let api;
  htmx.defineExtension("whole-message", {
    init(internal) {
      api = internal;
    },
    onEvent(name, event) {
      if (name !== "htmx:beforeRequest") return true;
      read(event.detail);
      return false; // htmx sends nothing itself
    },
  });

  async function read({ elt, target, requestConfig }) {
    const response = await fetch(requestConfig.path, { method: "POST" });
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const html = new TextDecoder().decode(value);
      htmx.swap(target, html, api.getSwapSpecification(elt), { contextElement: elt });
    }
    elt.dispatchEvent(new CustomEvent("stream:end", { bubbles: true, detail: { reason: "finished" } }));
  }
})();
