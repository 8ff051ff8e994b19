/** The menu of @mlxterp/results/errors: what every package's errors are made of. No dependency on a runtime. */
export { asAsked } from "./as-asked.js";
export { brief } from "./brief.js";
export { checkChoice, checkOptions, type OptionNames, oneOf } from "./check-options.js";
export { InvalidArgumentError } from "./invalid-argument.js";
export { isCallable, isMap, isRecord, isRegExp, isSet } from "./kinds-of-values.js";
export { MlxterpError } from "./mlxterp-error.js";
export { didYouMean, nearestWords } from "./nearest.js";
export {
  checkBoolean,
  checkFinite,
  checkFunction,
  checkInteger,
  checkIterable,
  checkList,
  checkMethods,
  checkNumber,
  checkNumbers,
  checkPath,
  checkPositiveInteger,
  checkRecord,
  checkSignal,
  checkText,
  checkTexts,
  checkWholeNumber,
  largestFloat32,
  type OptionRule,
} from "./option-rules.js";
