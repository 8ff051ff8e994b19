/** What a hub may call things, before any of it becomes a part of a path or a request. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { isPlainName } from "../checkpoint/files/plain-name.js";
import { HubError } from "../errors.js";

const commit = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const sha256 = /^[0-9a-f]{64}$/;

/** Whether a text is the hash of a commit, and so a revision that never changes. */
export function isCommit(text: unknown): text is string {
  return typeof text === "string" && commit.test(text);
}

/** Whether a text is a hash that content can be compared with: SHA-256, or that of a Git object. */
export function isContentHash(text: unknown): text is string {
  return isCommit(text);
}

/** @throws HubError (`HUB`) for what is no commit */
export function checkCommit(sha: unknown, repository: string): string {
  if (isCommit(sha)) return sha;
  throw lie(repository, "a commit", sha);
}

/** @throws HubError (`HUB`) for what is no hash of a file's content; a hub that names none gives undefined */
export function checkContentHash(
  { oid, lfs }: { readonly oid?: unknown; readonly lfs?: { readonly oid?: unknown } },
  repository: string,
): string | undefined {
  if (lfs) {
    if (typeof lfs.oid === "string" && sha256.test(lfs.oid)) return lfs.oid;
    throw lie(repository, "the hash of a file", lfs.oid);
  }
  if (oid === undefined || isContentHash(oid)) return oid;
  throw lie(repository, "the hash of a file", oid);
}

/** @throws HubError (`HUB`) for a size that no file has */
export function checkSize(size: unknown, most: number, file: string, repository: string): number {
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw lie(repository, `the size of ${file}`, size);
  }
  if ((size as number) <= most) return size as number;
  const reason = `${file} is announced with ${size} bytes, more than such a file may have (${most}).`;
  throw new HubError(repository, undefined, reason);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a revision that Git would not take */
export function checkRevision(revision: unknown): string {
  const parts = typeof revision === "string" && revision.length < 250 ? revision.split("/") : [];
  if (parts.length > 0 && parts.every((part) => isPlainName(part) && !part.includes(".."))) {
    return revision as string;
  }
  const rule = "it must be a branch, a tag or a commit.";
  throw new InvalidArgumentError("revision", revision, rule);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an address that is none, or holds a password */
export function checkHubUrl(address: unknown): string {
  const url = typeof address === "string" && URL.canParse(address) ? new URL(address) : undefined;
  const plain = url && !url.username && !url.password && !url.search && !url.hash;
  if (plain && /^https?:$/.test(url.protocol)) return (address as string).replace(/\/+$/, "");
  const rule = "it must be an address such as https://huggingface.co, without a password in it.";
  throw new InvalidArgumentError("hubUrl", url ? url.origin : "(not shown)", rule);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a token that no header can carry; it is not shown */
export function checkToken(token: unknown): string | undefined {
  if (token === undefined || token === "") return undefined;
  if (typeof token === "string" && /^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  const rule = "a token has neither spaces nor line breaks. Look at HF_TOKEN, or log in again.";
  throw new InvalidArgumentError("accessToken", "(not shown)", rule);
}

function lie(repository: string, what: string, value: unknown): HubError {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : typeof value;
  const reason = `the hub gives ${shown} as ${what}, which is none. Is it a hub (hubUrl, HF_ENDPOINT)?`;
  return new HubError(repository, undefined, reason);
}
