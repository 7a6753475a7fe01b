// Reads each body with the parser of hx-multipart, in pieces of the given size. Returns the names,
// values and texts of its parts, or what the parser throws. Both are JSON.
async (json) => {
  const read = async ({ type, body, size }) => {
    const bytes = Uint8Array.from(atob(body), (each) => each.charCodeAt(0));
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
    const stream = new ReadableStream({
      pull(controller) {
        if (pieces.length) controller.enqueue(pieces.shift());
        else controller.close();
      },
    });
    const found = [];
    const response = new Response(stream, { headers: { "Content-Type": type } });
    for await (const part of response.parts()) {
      found.push([Object.fromEntries(part.headers), await part.text()]);
    }
    return found;
  };
  const bodies = JSON.parse(json);
  return JSON.stringify(await Promise.all(bodies.map((each) => read(each).catch(String))));
}
