// The smallest clients there can be for the htmx wire. Each fragment was taken before the server
// writes the next, so that a read is a fragment, where the test does not join some.
// htmx 2 swaps whatever was read.
const swap2 = (html) =>
  new Promise((settled) =>
    htmx.swap("#messages", html, { swapStyle: "beforeend", swapDelay: 0, settleDelay: 0 }, {
      afterSettleCallback: settled,
    }));

// htmx 4 looks for the places of all elements before it changes the first, and not in a template:
// it is given one element after the other.
const swap4 = async (html) => {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html });
  for (const each of content.childNodes) {
    const node = each.content?.firstElementChild ?? each; // out of its template
    if (node instanceof Text) document.querySelector("#messages").append(node.data);
    else {
      if (htmx.version === "4.0.0-beta6" && node.matches("[hx-swap-oob*=' ']")) {
        // This version takes no selector with spaces; 4.0.1 takes no other.
        node.setAttribute("hx-swap-oob", node.getAttribute("hx-swap-oob").replaceAll(" ", ""));
      }
      const where = { target: "#messages", swap: "beforeend", sourceElement: document.body };
      await htmx.swap({ ...where, text: node.outerHTML });
    }
  }
};

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/reply", { method: "POST" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    await (htmx.version.startsWith("4") ? swap4 : swap2)(value);
    await fetch("/taken", { method: "POST" });
  }
  document.dispatchEvent(new CustomEvent("stream:end", { detail: { reason: "read" } }));
});
