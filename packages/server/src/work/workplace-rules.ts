/** What a server and the tools of an agent are made of, each part held when they are made and not when a caller comes. */
import { checkModel } from "@mlxterp/core";
import {
  checkBoolean,
  checkFunction,
  checkList,
  checkMethods,
  checkText,
  checkTexts,
} from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import type { Method } from "@mlxterp/results";

/** The rules of what both have; `limits` are held where they are completed. */
export const workplaceRules = {
  ...{ models: checkModels, methods: checkOwnMethods, roots: checkTexts },
  ...{ downloads: checkBoolean, onError: checkFunction, limits: true as const },
} as const;

/** Each is spoken to by its name. */
function checkModels(argument: string, models: unknown): void {
  checkList(argument, models);
  for (const [at, model] of (models as unknown[]).entries()) {
    checkModel(`${argument}[${at}]`, model);
    checkText(`${argument}[${at}].name`, (model as LanguageModel).name);
  }
}

function checkOwnMethods(argument: string, methods: unknown): void {
  checkList(argument, methods);
  for (const [at, method] of (methods as unknown[]).entries()) {
    checkMethods(`${argument}[${at}]`, method, ["run", "view"], "a method");
    checkText(`${argument}[${at}].name`, (method as Method).name);
  }
}
