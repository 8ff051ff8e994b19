/** Reads server-sent events of an answer, whatever pieces it comes in. */
import { problemError } from "./problem.js";

/** One event. */
export interface ServerEvent {
  readonly event: string;
  /** The text of its data. */
  readonly data: string;
}

/**
 * The events of an answer, as they come.
 *
 * @throws ProblemError for an `error` event
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .getReader();
  let rest = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const frames = (rest + part.value).split(/\r?\n\r?\n/);
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const event = readFrame(frame);
        if (event?.event === "error") throw problemError(JSON.parse(event.data));
        if (event) yield event;
      }
    }
  } finally {
    await reader.cancel();
  }
}

/** @returns undefined for a comment */
function readFrame(frame: string): ServerEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of frame.split(/\r?\n/)) {
    const [, field, value] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return data.length > 0 ? { event, data: data.join("\n") } : undefined;
}
