// Enter sends, an example is a message, and while an answer streams the button rests (never the input: it would lose the focus).
const form = document.getElementById("composer"), { message } = form.elements, button = form.querySelector("button");
const send = () => message.value.trim() && !button.disabled && form.requestSubmit();
message.addEventListener("keydown", (event) => {
  // While an input method composes (Korean, Japanese), Enter ends the composition.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
for (const example of document.querySelectorAll("[data-example]")) {
  example.addEventListener("click", () => {
    message.value = example.textContent;
    message.focus();
    send();
  });
}
for (const name of ["stream:start", "stream:end"]) form.addEventListener(name, ({ detail }) => {
  button.disabled = name === "stream:start";
  document.getElementById("status").textContent = detail?.reason === "finished" ? "The answer is complete." : "";
});
