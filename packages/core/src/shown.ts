/** How objects answer `console.log` in Node. */

/** `util.inspect.custom`, by its registered name: published types must not need those of Node. */
export const shown: unique symbol = Symbol.for("nodejs.util.inspect.custom");
