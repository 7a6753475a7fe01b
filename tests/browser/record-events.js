// Records the events of a reply, and the number of bytes of each read.
window.events = [];
window.reads = [];
for (const name of ["stream:start", "stream:fragment", "chunk", "stream:end", "stream:error"]) {
  document.addEventListener(name, ({ detail }) =>
    events.push([name, detail?.index ?? detail?.count ?? detail?.reason ?? null]));
}
const { read } = ReadableStreamDefaultReader.prototype;
ReadableStreamDefaultReader.prototype.read = async function () {
  const result = await read.call(this);
  if (result.value) reads.push(result.value.length);
  return result;
};
const { send } = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.send = function (body) {
  this.addEventListener("progress", ({ loaded }) => reads.push(loaded));
  return send.call(this, body);
};
// If the test sets window.bytewise, each read gives the client one byte.
const { fetch } = window;
window.fetch = async (...request) => {
  const response = await fetch(...request);
  if (!window.bytewise) return response;
  const single = new TransformStream({
    transform(bytes, controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
    },
  });
  return new Response(response.body.pipeThrough(single), response);
};
