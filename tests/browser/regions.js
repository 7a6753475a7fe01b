// Two checks of what patches have made of an element: after all of them, and after each flush.

// Returns whether the element is what the browser makes of the finished HTML in one piece.
window.compared = (element, html) => {
  element.normalize();
  const whole = element.cloneNode(false);
  whole.innerHTML = html;
  let deepest = 0;
  for (let node of element.querySelectorAll(":not(:has(*))")) {
    let depth = 0;
    for (; node; node = node.parentElement) depth++;
    deepest = Math.max(deepest, depth);
  }
  return {
    same: element.isEqualNode(whole) && element.innerHTML === whole.innerHTML,
    there: element.innerHTML,
    expected: whole.innerHTML,
    deepest,
  };
};

// Applies flushes of patches [action, depth, child, html] to a new element, as
// docs/reference/html-format.md specifies. Records the nodes that vanished without being a tail.
window.flushed = (flushes, html) => {
  const root = document.body.appendChild(document.createElement("div"));
  const observer = new MutationObserver(() => {});
  observer.observe(root, { childList: true, subtree: true });
  const settled = new WeakSet();
  const vanished = [];
  let tail = [];

  const all = (node) => {
    const walker = document.createTreeWalker(node);
    const nodes = [];
    do nodes.push(walker.currentNode);
    while (walker.nextNode());
    return nodes;
  };

  for (const [number, patches] of flushes.entries()) {
    for (const [action, depth, child, html] of patches) {
      for (const node of tail) node.remove();
      tail = [];
      let element = child === null ? root : root.children[child];
      for (let level = 0; level < depth; level++) element = element.lastElementChild;
      const before = element.childNodes.length;
      element.insertAdjacentHTML(action === "replace" ? "beforebegin" : "beforeend", html);
      if (action === "replace") element.remove();
      if (action === "tail") tail = [...element.childNodes].slice(before);
    }
    const records = observer.takeRecords();
    for (const node of records.flatMap(({ removedNodes }) => [...removedNodes]).flatMap(all)) {
      if (settled.has(node)) vanished.push([number, node.nodeName, node.textContent.slice(0, 40)]);
    }
    for (const node of records.flatMap(({ addedNodes }) => [...addedNodes]).flatMap(all)) {
      if (!tail.some((each) => each.contains(node))) settled.add(node);
    }
  }
  const result = { ...compared(root, html), vanished };
  root.remove();
  return result;
};
