// Records each text that an answer has shown, and when, for tests to look at afterwards.
window.watch = { asked: [], seen: [], ends: [] };
document.addEventListener("submit", () => watch.asked.push(performance.now()), true);
document.addEventListener("stream:end", (event) => watch.ends.push(event.detail.reason));
new MutationObserver(() => {
  // The tutorial has a template with classes of its own.
  document.querySelectorAll(".streamhtml-ai, .ai").forEach((answer, number) => {
    const seen = (watch.seen[number] ??= []);
    const text = answer.textContent;
    if (answer.querySelector(".streamhtml-thinking")) return; // It is not the answer's text.
    if (text && text !== seen.at(-1)?.text) seen.push({ text, at: performance.now() });
  });
}).observe(document, { childList: true, subtree: true, characterData: true });
