// Enter sends, an example is a message, and the last question can be edited and asked again.
const form = document.getElementById("composer"), { message } = form.elements;
const [send, stop] = form.querySelectorAll("button");
const messages = document.getElementById("messages"), editing = document.getElementById("editing");
let replaced; // the message that the next one replaces
let draft = ""; // what the reader has written, while an older question is asked again

const question = (article) => article.querySelector(".streamhtml-human").textContent;

function ask(text) {
  message.value = text;
  form.requestSubmit();
}

function edit(article) {
  replaced = article;
  editing.hidden = !article;
  message.value = article ? question(article) : "";
  message.focus();
}

message.addEventListener("keydown", (event) => {
  // While an input method composes (Korean, Japanese), the keys are its own. When Enter ends the
  // composition, Safari only tells this by the code.
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (message.value.trim()) form.requestSubmit();
  } else if (event.key === "ArrowUp" && !message.value && messages.lastElementChild) {
    event.preventDefault();
    edit(messages.lastElementChild);
  } else if (event.key === "Escape" && !editing.hidden) edit();
});
editing.querySelector("button").addEventListener("click", () => edit());

for (const example of document.querySelectorAll("[data-example]")) {
  example.addEventListener("click", () => {
    message.focus();
    ask(example.textContent);
  });
}

// Before the click does anything, because a button that is used may be removed.
messages.addEventListener("click", ({ target }) => {
  const article = target.closest("article");
  if (target.closest(".edit")) edit(article);
  if (target.closest(".again")) {
    replaced = article;
    draft = message.value;
    ask(question(article));
  }
  if (target.closest(".streamhtml-retry")) replaced = article;
}, true);

// The server forgets the message, too.
document.addEventListener("formdata", ({ formData }) => {
  formData.set("replaces", replaced?.id ?? "");
});

// When the new message is on the page, the old one goes, and the draft comes back.
new MutationObserver((records) => {
  const added = records.flatMap(({ addedNodes }) => [...addedNodes]);
  if (!added.some((node) => node.nodeName === "ARTICLE" && node !== replaced)) return;
  replaced?.remove();
  replaced = undefined;
  editing.hidden = true;
  if (draft) message.value = draft;
  draft = "";
}).observe(messages, { childList: true });

// While an answer streams, the stop button takes the place of the other, and its focus.
new MutationObserver(() => {
  const streams = "streaming" in form.dataset, focused = document.activeElement;
  send.hidden = streams;
  if (focused === send && streams) stop.focus();
  if (focused === stop && !streams) send.focus();
}).observe(form, { attributeFilter: ["data-streaming"] });
