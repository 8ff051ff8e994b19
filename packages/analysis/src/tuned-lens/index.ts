/** What the room of the tuned lens offers. It is no method: what it makes is a lens, and `logitLens` reads with it. */
export type { TunedLensOptions, TunedLensProgress } from "./options.js";
export { trainTunedLens } from "./tuned-lens.js";
