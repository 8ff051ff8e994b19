/** The menu has everything of the packages below; the errors stand by themselves as well. */
import * as analysis from "@mlxterp/analysis";
import * as core from "@mlxterp/core";
import * as data from "@mlxterp/data";
import * as dictionaries from "@mlxterp/dictionaries";
import * as interventions from "@mlxterp/interventions";
import * as mlx from "@mlxterp/mlx";
import * as models from "@mlxterp/models";
import * as results from "@mlxterp/results";
import * as viz from "@mlxterp/viz";
import { expect, it } from "vitest";
import * as errors from "./errors.js";
import * as menu from "./index.js";

const packages = {
  ...{ analysis, core, data, dictionaries, interventions },
  ...{ mlx, models, results, viz },
};

it.each(Object.entries(packages))("offers what %s offers", (_, members) => {
  for (const member of Object.keys(members)) {
    expect(Reflect.get(menu, member), member).toBe(Reflect.get(members, member));
  }
});

it("has no two things under one name, which `export *` would leave out in silence", () => {
  const offered = Object.values(packages);
  const names = new Set(offered.flatMap((members) => Object.keys(members)));
  expect(Object.keys(menu).sort()).toEqual([...names].sort());
});

it("has all errors, and nothing else, under mlxterp/errors", () => {
  const isError = ([, value]: [string, unknown]) =>
    value === menu.MlxterpError ||
    (typeof value === "function" && value.prototype instanceof menu.MlxterpError);
  const expected = Object.entries(menu).filter(isError);
  expect(Object.entries(errors).sort()).toEqual(expected.sort());
});
