/** Receives a file of the hub into a partial one on the disk, in as many requests as it takes. */
import { open } from "node:fs/promises";
import { HubError } from "../errors.js";
import type { HubConnection, WantedFile } from "./download-file.js";
import { inTime, Silence } from "./limits.js";
import { sizeOf } from "./partial-file.js";
import { type Arrival, requestRest } from "./request-rest.js";
import { pause } from "./retry.js";

/** What a request should bring of a file: a drop at a time would never end. */
const enough = (size: number) => Math.min(2 ** 20, size / 1000);
/** How many requests may bring less. */
const mostDrops = 20;

/**
 * Asks for what is missing until it is there, or until several requests in a row brought nothing.
 *
 * @throws HubError (`HUB`)
 */
export async function receiveFile(
  connection: HubConnection,
  entry: WantedFile,
  partial: string,
): Promise<void> {
  const { retries, signal, repo } = connection;
  await (await open(partial, "a")).close();
  for (let [fruitless, drops] = [0, 0]; ; ) {
    const before = sizeOf(partial);
    if (before === entry.size) return;
    const broken = await receive(connection, entry, partial, before);
    const now = sizeOf(partial);
    if (now === entry.size) return;
    if (now - before < enough(entry.size)) drops++;
    fruitless = now > before && !(broken instanceof Silence) ? 1 : fruitless + 1;
    if (fruitless >= retries.attempts || drops > mostDrops) {
      const reason = `${entry.path} broke off after ${now} of ${entry.size} bytes. Try again; what has come is kept.`;
      throw new HubError(repo.name, undefined, reason);
    }
    await pause(retries, fruitless, signal);
  }
}

/** One request. @returns what broke the connection, if something did */
async function receive(
  connection: HubConnection,
  entry: WantedFile,
  partial: string,
  offset: number,
): Promise<unknown> {
  const arrival = await requestRest(connection, entry, offset);
  if (arrival !== "unresumable") return write(connection, entry, partial, arrival);
  await (await open(partial, "w")).close(); // empty: the next request is for the whole
  return new Error("the server has nothing to go on with");
}

/** What `fetch` throws when a body ends early; a full disk, for one, is no reason to ask again. */
function isBrokenConnection(error: unknown): boolean {
  return (
    error instanceof Silence ||
    error instanceof TypeError ||
    (error as { code?: string }).code === "ECONNRESET"
  );
}

/** Every byte goes to its own place in the file. */
async function write(
  { repo, signal, onProgress, silence }: HubConnection,
  { path: file, size: total }: WantedFile,
  partial: string,
  { body, start }: Arrival,
): Promise<unknown> {
  const output = await open(partial, "r+");
  let loaded = start;
  try {
    if (start === 0) await output.truncate();
    for await (const chunk of inTime(body, silence)) {
      if (loaded + chunk.byteLength > total) {
        const reason = `${file} is longer than the ${total} bytes that the hub announced. Try again.`;
        throw new HubError(repo.name, undefined, reason);
      }
      await output.write(chunk, 0, chunk.byteLength, loaded);
      loaded += chunk.byteLength;
      onProgress?.({ file, loaded, total });
      signal?.throwIfAborted(); // a body whose last bytes are read does not notice, and never ends
    }
    await output.sync();
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (isBrokenConnection(error)) return error;
    if (error instanceof HubError) await output.truncate(); // nothing of a file that is not as announced
    throw error;
  } finally {
    await output.close();
  }
}
