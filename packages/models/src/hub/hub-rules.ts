/** What the options of a download must be. */
import {
  checkBoolean,
  checkFinite,
  checkFunction,
  checkRecord,
  checkSignal,
  checkText,
  type OptionNames,
} from "@mlxterp/mlx";
import type { HubOptions } from "./hub-model.js";

export const hubRules: OptionNames<HubOptions> = {
  ...{ revision: checkText, accessToken: checkText, cacheFolder: checkText, hubUrl: checkText },
  ...{ fetch: checkFunction, onProgress: checkFunction, signal: checkSignal },
  ...{ retries: checkRecord, silence: checkFinite, offline: checkBoolean, verify: checkBoolean },
};
