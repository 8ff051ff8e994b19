/** Server-sent events of an answer, one after the other. */

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

export async function* readEvents({ body }: Response): AsyncGenerator<ServerSentEvent> {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const frames = (rest + part.value).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const parsed = parseFrame(frame);
        if (parsed) yield parsed;
      }
    }
  } finally {
    await reader.cancel(); // who reads no further ends the work
  }
}

/** Undefined for a comment. */
function parseFrame(frame: string): ServerSentEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of frame.split("\n")) {
    const [, field, value] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return data.length > 0 ? { event, data: data.join("\n") } : undefined;
}
