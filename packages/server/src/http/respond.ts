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

/** Schemas, whose keys begin with the sign that marks what JSON has no form for. */
export function plainJson(data: unknown): Response {
  return new Response(JSON.stringify(data), { headers: { "content-type": "application/json" } });
}

/** @throws LimitError (`LIMIT`) */
function jsonWithin(data: unknown, most: number): Response {
  return new Response(textWithin(data, most), { headers: { "content-type": "application/json" } });
}

function textWithin(data: unknown, most: number): string {
  requireFew(data, most);
  const text = toJson(data);
  if (text.length <= most) return text;
  throw new LimitError("resultBytes", most, `The answer has ${text.length} bytes`);
}

/** Counted before anything is written: of dense numbers, each takes two characters at least, and most take ten. */
function requireFew(data: unknown, most: number): void {
  const bytes = 2 * numbersIn(data);
  if (bytes <= most) return;
  throw new LimitError("resultBytes", most, `The answer has more than ${bytes} bytes`);
}

function numbersIn(data: unknown): number {
  if (ArrayBuffer.isView(data)) return (data as Float32Array).length;
  if (Array.isArray(data) && typeof data[0] === "number") return data.length;
  if (typeof data !== "object" || data === null) return 0;
  return Object.values(data).reduce((sum: number, one) => sum + numbersIn(one), 0);
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
