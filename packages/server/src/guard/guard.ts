/** Who is answered at all: callers of this machine, or with the token; never pages of other sites. */
import { createHash, timingSafeEqual } from "node:crypto";
import { ForbiddenCallerError, UnauthorizedError } from "../errors/errors.js";

export interface GuardSettings {
  /** Names under which the server may be addressed, in lower case, without ports. */
  readonly names: ReadonlySet<string>;
  /** Pages that may call besides the server's own. */
  readonly origins: ReadonlySet<string>;
  /** What callers have to show; undefined where everybody on the machine may call. */
  readonly token: string | undefined;
}

/**
 * Refuses a request that came under a foreign name (DNS rebinding) or from a foreign page.
 *
 * @throws ForbiddenCallerError (`FORBIDDEN_CALLER`)
 */
export function requireOwnName(request: Request, { names, origins }: GuardSettings): void {
  const url = new URL(request.url);
  const host = request.headers.get("host") ?? url.host;
  if (!names.has(nameOf(host))) throw new ForbiddenCallerError("Host", host);
  const origin = request.headers.get("origin");
  const own = origin === `http://${host}` || origin === `https://${host}`;
  if (origin !== null && !own && !origins.has(origin)) {
    throw new ForbiddenCallerError("Origin", origin);
  }
  const site = request.headers.get("sec-fetch-site");
  if (origin === null && site === "cross-site") {
    throw new ForbiddenCallerError("Sec-Fetch-Site", site);
  }
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, "");
}

/**
 * @throws UnauthorizedError (`UNAUTHORIZED`) without the token; a wrong one is found out in the same time whatever it is
 */
export function requireToken(request: Request, { token }: GuardSettings): void {
  if (token === undefined) return;
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  if (!timingSafeEqual(digest(given), digest(token))) throw new UnauthorizedError();
}

/** Of one length, whatever was given. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
