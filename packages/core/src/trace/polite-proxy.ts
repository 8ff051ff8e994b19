/** A proxy that answers the questions every runtime asks, and says clearly what it does not know. */
import { inspect } from "node:util";

/** Members that only the proxy has. */
export interface ProxiedMembers {
  /** @throws UnknownSiteError (`UNKNOWN_SITE`) for a name that nobody gave */
  find(key: string): unknown;
  has(key: string): boolean;
  /** Refuses an assignment. */
  assign(key: string): never;
}

// Asked of every object by `await`, JSON, assertion libraries and printers; none of them expects an error.
const asked = new Set([
  "then",
  "catch",
  "finally",
  "toJSON",
  "asymmetricMatch",
  "nodeType",
  "tagName",
]);

/**
 * @param own answers for its own members first; must print itself with `toString`
 * @returns a proxy whose members stay the same objects
 */
export function polite(own: object, members: ProxiedMembers): object {
  const found = new Map<string, unknown>();
  return new Proxy(own, {
    get: (target, key) => {
      if (key === inspect.custom || key === Symbol.toPrimitive) return () => String(target);
      if (typeof key === "symbol" || key in target) return ownMember(target, key);
      if (found.has(key)) return found.get(key);
      if (!members.has(key) && (asked.has(key) || /^[$@_]/.test(key))) return undefined;
      const member = members.find(key);
      found.set(key, member);
      return member;
    },
    has: (target, key) => key in target || (typeof key === "string" && members.has(key)),
    set: (_target, key) => members.assign(String(key)),
    deleteProperty: (_target, key) => members.assign(String(key)),
    defineProperty: (_target, key) => members.assign(String(key)),
  });
}

/**
 * Methods read private fields, so they are called on the target itself; by a plain function, since Node 24 takes no
 * bound one for what `using` calls when its block ends.
 */
function ownMember(target: object, key: PropertyKey): unknown {
  const member: unknown = Reflect.get(target, key);
  if (typeof member !== "function" || key === "constructor") return member;
  return (...given: unknown[]): unknown => Reflect.apply(member, target, given);
}
