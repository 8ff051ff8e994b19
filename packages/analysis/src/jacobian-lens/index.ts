/** What the room of the Jacobian lens offers. It is no method: what it makes is a lens, and `logitLens` reads with it. */
export { type JacobianLensOptions, jacobianLens } from "./jacobian-lens.js";
