/** The ways in which routes answer: JSON at once, or events where the caller asks for them. */
import { toJson } from "@mlxterp/results";
import { LimitError } from "../errors/errors.js";
import type { Caller } from "../work/caller.js";
import { type Events, eventStream } from "./event-stream.js";
import { isTyped, problemOf } from "./problem.js";
import type { Call } from "./route.js";

/** An answer in JSON. */
export function json(data: unknown): Response {
  return new Response(toJson(data), { headers: { "content-type": "application/json" } });
}

/** @throws LimitError (`LIMIT`) */
export function jsonWithin(data: unknown, most: number): Response {
  return new Response(textWithin(data, most), { headers: { "content-type": "application/json" } });
}

function textWithin(data: unknown, most: number): string {
  const text = toJson(data);
  if (text.length <= most) return text;
  throw new LimitError("resultBytes", most, `The answer has ${text.length} bytes`);
}

/** Whether the caller asks for events. */
export function wantsEvents({ request }: Call): boolean {
  return (request.headers.get("accept") ?? "").includes("text/event-stream");
}

/** Who asks, for work that tells nobody how far it is. */
export function callerOf({ client, signal }: Call): Caller {
  return { client, signal };
}

/** Progress at most so often. */
const pause = 50;

/** Events of some work; an error is an event, too, since the status has been sent. */
export function streamed(call: Call, work: (caller: Caller, events: Events) => Promise<void>) {
  return eventStream(async (events) => {
    let next = 0;
    const onProgress: Caller["onProgress"] = (progress) => {
      const now = performance.now();
      if (now < next && progress.done < progress.total) return;
      next = now + pause;
      events.send("progress", progress, true);
    };
    try {
      await work({ ...callerOf(call), onProgress }, events);
    } catch (error) {
      if (call.signal.aborted) return;
      if (!isTyped(error)) call.onError(error);
      events.send("error", problemOf(error));
    }
  }, call.leave);
}

/** One result: as an event after those that tell how far it is, or as JSON. */
export async function resultOrEvents(
  call: Call,
  work: (caller: Caller) => Promise<unknown>,
): Promise<Response> {
  const { resultBytes } = call.workplace.limits;
  if (!wantsEvents(call)) return jsonWithin(await work(callerOf(call)), resultBytes);
  return streamed(call, async (caller, events) => {
    const data = await work(caller);
    textWithin(data, resultBytes);
    events.send("result", data);
  });
}
