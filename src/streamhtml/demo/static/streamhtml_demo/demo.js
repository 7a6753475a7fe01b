// Enter sends, an example is a message, and while an answer streams there is a button to stop it (the input stays enabled: it would lose the focus).
const form = document.getElementById("composer"), { message } = form.elements, [button, stop] = form.querySelectorAll("button");
const send = () => message.value.trim() && !button.hidden && form.requestSubmit();
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
for (const name of ["stream:start", "stream:end"]) form.addEventListener(name, () => {
  const [shown, gone] = name === "stream:start" ? [stop, button] : [button, stop];
  const focused = document.activeElement === gone;
  shown.hidden = false;
  gone.hidden = true;
  if (focused) shown.focus();
});
// Where no client of ours empties the form: once it is sent, and the client has read it.
let sent = false;
form.addEventListener("submit", () => (sent = true));
if (form.dataset.resetOn) document.addEventListener(form.dataset.resetOn, ({ detail }) => {
  if (!sent || (detail.type && detail.type !== "datastar-patch-elements")) return;
  sent = false;
  form.reset();
});
