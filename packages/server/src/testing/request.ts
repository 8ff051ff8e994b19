/** For tests: requests to a server within the process. */
import type { MlxterpServer } from "../index.js";
import type { ProblemJson } from "../wire/answers.js";

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends JSON, or asks where there is none. */
export function send({ fetch }: MlxterpServer, path: string, body?: unknown, sent: Sent = {}) {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return fetch(
    new Request(`http://localhost${path}`, {
      method: sent.method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...sent.headers,
      },
      ...(text !== undefined && { body: text as string }),
      ...(sent.signal && { signal: sent.signal }),
    }),
  );
}

/** The status and code of a refusal. */
export async function refusal(response: Response): Promise<[status: number, code: string]> {
  const { status, code } = (await response.json()) as ProblemJson;
  return [status, code];
}

/** The OpenAPI document. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads parts of it
export async function documentOf(server: MlxterpServer): Promise<any> {
  return (await send(server, "/api/openapi.json")).json();
}
