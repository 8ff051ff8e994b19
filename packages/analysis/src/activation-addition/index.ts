/** What the room of activation addition offers. It is no method: what it makes are interventions, not a result. */
export { activationAddition } from "./activation-addition.js";
export type { ActivationAddition } from "./options.js";
