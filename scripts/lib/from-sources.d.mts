/** The types of `from-sources.mjs`, for tests of packages. */

/**
 * A program in TypeScript that imports sources, as plain JavaScript.
 *
 * @returns a file for `node`, which goes with this process
 */
export function fromSources(script: string | URL): Promise<string>;
