// The functions that the tests of a scrolling conversation call on its page.
window.scroller = () => document.querySelector("main[data-stream-pin]") ?? document.documentElement;

// Returns how many pixels are above and below the view.
window.where = () => {
  const { scrollTop, scrollHeight, clientHeight } = scroller();
  const isReversed = getComputedStyle(scroller()).flexDirection === "column-reverse";
  const below = isReversed ? -scrollTop : scrollHeight - clientHeight - scrollTop;
  return [scrollHeight - clientHeight - below, below];
};

// Returns the position of an element's centre, in whole pixels.
window.centre = (selector) => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  return [Math.round(x + width / 2), Math.round(y + height / 2)];
};

window.frames = (count) =>
  new Promise((done) => {
    const next = () => (count-- ? requestAnimationFrame(next) : done());
    next();
  });

// Waits until nothing has scrolled for some frames.
window.rest = async () => {
  let last;
  for (let still = 0; still < 15; still++) {
    if (last !== scroller().scrollTop) still = 0;
    last = scroller().scrollTop;
    await frames(1);
  }
};

window.until = async (isTrue) => {
  const end = performance.now() + 30_000;
  while (!isTrue(...where())) {
    if (performance.now() > end) return false;
    await new Promise((done) => setTimeout(done, 5));
  }
  return true;
};

window.count = (name) => events.filter((event) => event[0] === name).length;

// Lets a script add something to the answer in each frame.
window.isGrowing = false;
window.grow = () => {
  isGrowing = true;
  const region = [...document.querySelectorAll(".streamhtml")].at(-1);
  const add = () => {
    region.insertAdjacentHTML("beforeend", "<p>More</p>");
    if (isGrowing) requestAnimationFrame(add);
  };
  add();
};

// Adds a picture whose size is not known, and lets it arrive.
window.addPicture = async (paragraph, height) => {
  const image = document.createElement("img");
  paragraph.append(image);
  await frames(2);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="50" height="${height}"/>`;
  image.src = "data:image/svg+xml," + encodeURIComponent(svg);
  await new Promise((done) => image.addEventListener("load", done));
};
