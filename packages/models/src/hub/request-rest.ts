/** Asks the hub for what is still missing of a file. */
import { HubError } from "../errors.js";
import type { HubConnection, WantedFile } from "./download-file.js";
import { refusal } from "./hub-failure.js";

/** Bytes on their way, and where in the file they begin. */
export interface Arrival {
  readonly body: ReadableStream<Uint8Array>;
  readonly start: number;
}

/**
 * Requests a file from an offset on. Not by the hub client's `downloadFile`: that one does not tell whether
 * a range was honoured, and turns a refusal inside the stream into a mere message.
 *
 * @returns `"unresumable"` when the server has nothing from that offset on
 * @throws HubError (`HUB`), CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`)
 */
export async function requestRest(
  connection: HubConnection,
  { path, size }: WantedFile,
  offset: number,
): Promise<Arrival | "unresumable"> {
  const { repo, revision, hubUrl, accessToken } = connection;
  const file = path.split("/").map(encodeURIComponent).join("/");
  const response = await connection.fetch(`${hubUrl}/${repo.name}/resolve/${revision}/${file}`, {
    headers: {
      "accept-encoding": "identity", // sizes and offsets must be those of the file
      ...(accessToken && { authorization: `Bearer ${accessToken}` }),
      ...(offset > 0 && { range: `bytes=${offset}-` }),
    },
  });
  const { status, headers, body } = response;
  if (status !== 200 && status !== 206) {
    body?.cancel().catch(() => undefined);
    if (status === 416 && offset > 0) return "unresumable";
    throw refusal(repo.name, revision, status, path);
  }
  const { start, total } =
    status === 206 ? rangeOf(headers) : { start: 0, total: lengthOf(headers) };
  if (start === undefined || (start !== 0 && start !== offset)) {
    body?.cancel().catch(() => undefined);
    return "unresumable";
  }
  if (total !== undefined && total !== size) {
    body?.cancel().catch(() => undefined);
    const reason = `${path} has ${total} bytes where the hub announced ${size}. Try again.`;
    throw new HubError(repo.name, undefined, reason);
  }
  return { body: body ?? new Blob([]).stream(), start };
}

interface Extent {
  readonly start: number | undefined;
  readonly total: number | undefined;
}

/** Of `bytes 100-199/200`; the total may be `*`. */
function rangeOf(headers: Headers): Extent {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
  if (!match) return { start: undefined, total: undefined };
  return { start: Number(match[1]), total: match[2] === "*" ? undefined : Number(match[2]) };
}

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  const encoded = headers.get("content-encoding") ?? "identity";
  return length === null || encoded !== "identity" ? undefined : Number(length);
}
