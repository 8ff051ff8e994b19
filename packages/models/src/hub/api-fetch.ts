/** The `fetch` that the hub client asks for facts about a repository with: one host, few pages, short answers. */
import { HubError } from "../errors.js";
import { mostPages, readAnswer } from "./limits.js";

interface ApiLimits {
  readonly hubUrl: string;
  /** Milliseconds. */
  readonly silence: number;
  readonly repository: string;
}

/**
 * @param persistentFetch follows redirects; it does not take the token along to another host
 * @returns a `fetch` that refuses what leads elsewhere or does not end, with a HubError (`HUB`)
 */
export function apiFetch(persistentFetch: typeof fetch, limits: ApiLimits): typeof fetch {
  const { hubUrl, silence, repository } = limits;
  const { origin } = new URL(hubUrl);
  const asked = new Set<string>();
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) {
      const reason = `the hub's listing goes on at another place (${url.origin}), which is not asked: it might take the token.`;
      throw new HubError(repository, undefined, reason);
    }
    if (asked.has(url.href) || asked.size >= mostPages) {
      const how = asked.has(url.href) ? "in a circle" : `over more than ${mostPages} pages`;
      throw new HubError(repository, undefined, `the hub's listing goes ${how}.`);
    }
    asked.add(url.href);
    return readAnswer(await persistentFetch(input, init), silence, repository);
  };
}
