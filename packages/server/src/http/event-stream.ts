/** Server-sent events: progress while work goes on, then what came of it. */
import { toJson } from "@mlxterp/results";

export interface Events {
  /** Sends an event; one that only tells how far work is may be left out where nobody keeps up with it. */
  send(event: string, data: unknown, dispensable?: boolean): void;
}

/** Comments keep proxies and clients from giving up on a caller that waits. */
const heartbeat = 10_000;

/** What is buffered for a caller that does not read, before progress is left out. */
const buffered = 64;

/**
 * An answer whose events are sent by `work`; a caller that stops reading ends it.
 *
 * @param leave is told when the caller goes away
 */
export function eventStream(work: (events: Events) => Promise<void>, leave: () => void): Response {
  const encoder = new TextEncoder();
  let leaving: () => void = () => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string) => controller.enqueue(encoder.encode(text));
        let open = true;
        const timer = setInterval(() => write(": still here\n\n"), heartbeat);
        timer.unref();
        const end = () => {
          clearInterval(timer);
          if (open) controller.close();
          open = false;
        };
        const send: Events["send"] = (event, data, dispensable = false) => {
          if (!open || (dispensable && (controller.desiredSize ?? 0) <= 0)) return;
          write(`event: ${event}\ndata: ${toJson(data)}\n\n`);
        };
        leaving = () => {
          open = false;
          clearInterval(timer);
        };
        void work({ send }).finally(end);
      },
      cancel() {
        leaving();
        leave();
      },
    },
    { highWaterMark: buffered },
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}
