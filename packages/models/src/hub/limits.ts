/** How much of a hub's answers is read, and how long it may take: a hub that never ends must not hold a program. */
import { HubError } from "../errors.js";

/** A listing has 1,000 files a page. */
export const mostPages = 100;
const mostAnswerBytes = 32 * 2 ** 20;
/** Configuration, tokenizers, indices. */
export const mostSmallBytes = 256 * 2 ** 20;
/** What must come within the time that a hub may be silent, so that single bytes do not keep a connection for ever. */
const leastBytes = 1024;

/** A hub that stopped answering; asking again may help, but not often. */
export class Silence extends Error {
  constructor(milliseconds: number) {
    super(`the hub sent nothing, or next to nothing, for ${milliseconds / 1000} seconds`);
    this.name = "Silence";
  }
}

/** The answer to a request, as long as its head comes in time. */
export async function fetchInTime(
  plainFetch: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  silence: number,
): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Silence(silence)), silence);
  const signals = init?.signal ? [init.signal, controller.signal] : [controller.signal];
  try {
    return await plainFetch(input, { ...init, signal: AbortSignal.any(signals) });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The pieces of a body, as long as they come in time; what the reader does with them is not counted.
 *
 * @throws Silence
 */
export async function* inTime(
  body: ReadableStream<Uint8Array>,
  silence: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  let [waited, received] = [0, 0];
  try {
    for (;;) {
      const start = performance.now();
      const { done, value } = await within(reader.read(), silence - waited, silence);
      if (done) return;
      waited += performance.now() - start;
      received += value.byteLength;
      if (received >= leastBytes) [waited, received] = [0, 0];
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined); // nobody waits for a connection that is given up
  }
}

async function within<T>(promise: Promise<T>, milliseconds: number, silence: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Silence(silence)), Math.max(milliseconds, 0));
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}

const withoutBody = [204, 205, 304];

/**
 * An answer read to its end, unpacked, with a limit.
 *
 * @throws HubError (`HUB`), Silence
 */
export async function readAnswer(
  { status, headers, body }: Response,
  silence: number,
  repository: string,
): Promise<Response> {
  if (status < 200 || status > 599) {
    throw new HubError(repository, status, `the hub answers with status ${status}, which is none.`);
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ? inTime(body, silence) : []) {
    bytes += piece.byteLength;
    if (bytes > mostAnswerBytes) {
      const reason = `an answer of the hub has more than ${mostAnswerBytes} bytes.`;
      throw new HubError(repository, undefined, reason);
    }
    pieces.push(piece);
  }
  const kept = new Headers(headers);
  for (const name of ["content-encoding", "content-length"]) kept.delete(name); // unpacked by now
  const content = withoutBody.includes(status) ? null : Buffer.concat(pieces);
  return new Response(content, { status, headers: kept });
}
