/** The menu of @mlxterp/results. */
export { InvalidArgumentError, MlxterpError } from "./errors/index.js";
