// The smallest clients that there can be for the htmx format. The server writes a fragment when the
// one before it was swapped, and says in a header how many bytes each write has: under load, a write
// may arrive in several reads.

// htmx 2 swaps whatever was read.
const swap2 = (html) =>
  new Promise((settled) =>
    htmx.swap("#messages", html, { swapStyle: "beforeend", swapDelay: 0, settleDelay: 0 }, {
      afterSettleCallback: settled,
    }));

// htmx 4 looks up the targets of all elements before it changes the first, and does not look into
// templates. So it gets one element after the other.
const swap4 = async (html) => {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html });
  for (const each of content.childNodes) {
    const node = each.content?.firstElementChild ?? each; // out of its template
    if (node instanceof Text) document.querySelector("#messages").append(node.data);
    else {
      if (htmx.version === "4.0.0-beta6" && node.matches("[hx-swap-oob*=' ']")) {
        // This version does not accept a selector with spaces; 4.0.1 needs them.
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
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (const length of response.headers.get("Write-Lengths").split(",")) {
    let text = "";
    for (let missing = +length; missing > 0;) {
      const { value } = await reader.read();
      missing -= value.length;
      text += decoder.decode(value, { stream: true });
    }
    await (htmx.version.startsWith("4") ? swap4 : swap2)(text);
    await fetch("/taken", { method: "POST" });
  }
  document.dispatchEvent(new CustomEvent("stream:end", { detail: { reason: "read" } }));
});
