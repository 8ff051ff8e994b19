/** What a GGUF file says of its tokens. */

export interface GgufTokens {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  readonly merges: readonly string[];
  readonly unknown: string | undefined;
  readonly addSpacePrefix: boolean;
}

/** Ids by token. */
export function vocabulary(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}
