/** The hub's refusals in this library's errors, each with the way out. */
import { MlxterpError } from "@mlxterp/mlx";
import { CheckpointNotFoundError, HubError } from "../errors.js";
import { withoutToken } from "./secrets.js";

/** The error for an HTTP status. */
export function refusal(
  id: string,
  revision: string,
  status: number,
  what = "the hub's answer",
): CheckpointNotFoundError | HubError {
  if (status === 404) {
    return new CheckpointNotFoundError(
      id,
      [`${id} at revision ${revision} on the hub`],
      'Check the name and the revision, name a folder, or load the model that comes along: "tiny".',
    );
  }
  return new HubError(id, status, reasonOf(status, what));
}

/** What a hub says in words is not repeated: it may hold the token. */
function reasonOf(status: number, what: string): string {
  if (status === 401 || status === 403) {
    return "the hub refuses access. The name may be wrong, or the model private or gated: accept its terms on its page and set HF_TOKEN to a token that may read it.";
  }
  if (status === 429) {
    return "the hub gets too many requests from here. Wait some minutes, or set HF_TOKEN, which raises the limit.";
  }
  if (status >= 500) return `the hub fails with status ${status}. Try again later.`;
  return `${what} has the status ${status}. Check the name, the revision and the hub's address.`;
}

/** Whether the hub has answered with a status; by what it holds, since its client is loaded only when something is asked. */
export function isRefusal(error: unknown): error is Error & { readonly statusCode: number } {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number";
}

/** Whatever a download threw, without the token; what is one of this library's errors already stays. */
export function explain(
  error: unknown,
  id: string,
  revision: string,
  token: string | undefined,
): unknown {
  if (MlxterpError.isInstance(error)) return error;
  if (isRefusal(error)) return refusal(id, revision, error.statusCode);
  const reasons = withoutToken(reasonsOf(error), token);
  const failure = `no folder here has this name, and the download failed (${reasons}).`;
  // The cause comes along in words only: what threw it may hold the request.
  return new HubError(id, undefined, `${failure} Check the name and the connection.`);
}

/** `fetch` says no more than that it failed; why, its cause knows. */
function reasonsOf(error: unknown): string {
  if (error instanceof SyntaxError) return "the hub's answer is not JSON"; // its message quotes the answer
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error && cause.message ? `${message}: ${cause.message}` : message;
}
