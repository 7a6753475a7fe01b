// Reads encoded patches as the clients of the formats parse them, without running anything. Returns
// what is wrong with each case: the patch "hostile" must not have left the place that the format
// gives it, between the patches "first" and "last". The expressions are those of htmx and Datastar.
(cases) => {
  const inert = (html) => Object.assign(document.createElement("template"), { innerHTML: html });
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
  const inTemplate = (html) => {
    const { body } = parsed(`<body><template>${html}</template></body>`);
    return body.childNodes.length === 1 ? body.firstChild : null;
  };
  const withoutHead = (html) => html.replace(/<head(\s[^>]*)?>[\s\S]*?<\/head>/i, "");
  const asHtmx2 = (html) => withoutHead(
    html.replace(/<hx-([a-z]+)((?:\s[^>]*)?)>/gi, '<template hx type="$1"$2>')
      .replace(/<\/hx-[a-z]+>/gi, "</template>"));
  const asHtmx4 = (html) => withoutHead(
    html.replace(/<hx-([a-z]+)(\s+|>)/gi, '<template hx type="$1"$2')
      .replace(/<\/hx-[a-z]+>/gi, "</template>"));

  const isTurbo = (template, count) => {
    const nodes = [...template.content.childNodes];
    return nodes.length === count
      && nodes.every((node) => node.localName === "turbo-stream" && node.childNodes.length <= 1)
      && nodes[0].firstChild.innerHTML === "before"
      && nodes.at(-1).firstChild.innerHTML === "x";
  };
  const areSwaps = (template, count) => {
    if (!template) return false;
    const nodes = [...template.content.childNodes];
    const swaps = nodes.map((node) => node.localName === "template"
      ? node.content.querySelector("[hx-swap-oob*='#']") : node);
    return nodes.length === count
      && swaps.every((swap) => swap?.getAttribute?.("hx-swap-oob"))
      && swaps[0].innerHTML === "before"
      && swaps.at(-1).innerHTML === "x";
  };
  const isSwap = (template) => template?.content.childNodes.length === 1
    && (template.content.firstChild.hasAttribute("hx")
      || template.content.firstChild.hasAttribute("hx-swap-oob"));
  const isPage = (html, wasOpen) => {
    const { body } = parsed(html);
    return [...body.childNodes].map((node) => node.id).join() === "main,footer"
      && body.firstChild.childNodes.length === 1 // What is open around the message.
      && body.lastChild.innerHTML === "END"
      && body.querySelectorAll("#last").length === 1
      && (!wasOpen || Boolean(body.querySelector("#r #last")));
  };
  const checks = {
    turbo: ({ turbo, count }) => isTurbo(inert(turbo), count),
    "turbo without scripts": ({ turbo, count }) => isTurbo(inTemplate(turbo) ?? inert(""), count),
    "htmx 2": ({ htmx, swaps }) => areSwaps(inTemplate(asHtmx2(htmx)), swaps),
    "htmx 4": ({ partials }) => partials.every((html) => isSwap(inTemplate(asHtmx4(html)))),
    datastar: ({ elements }) => elements.every(
      (html) => inTemplate(html) && !/<\/(html|head|body)>/.test(html)),
    page: ({ page, wasOpen }) => isPage(page, wasOpen),
  };
  return cases.flatMap((one) => Object.entries(checks)
    .filter(([, check]) => !check(one)).map(([name]) => [name, one.html]));
}
