// The smallest client there can be for the htmx wire: htmx 2 swaps whatever was read. The server
// writes a fragment when the one before was taken, so that a read is a fragment.
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/reply", { method: "POST" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    await new Promise((settled) =>
      htmx.swap("#messages", value, { swapStyle: "beforeend", swapDelay: 0, settleDelay: 0 }, {
        afterSettleCallback: settled,
      }));
    await fetch("/taken", { method: "POST" });
  }
  document.dispatchEvent(new CustomEvent("stream:end", { detail: { reason: "read" } }));
});
