/** The menu has everything of the packages below, except what only their authors need. */
import * as analysis from "@mlxterp/analysis";
import * as core from "@mlxterp/core";
import * as data from "@mlxterp/data";
import * as interventions from "@mlxterp/interventions";
import * as mlx from "@mlxterp/mlx";
import * as models from "@mlxterp/models";
import * as viz from "@mlxterp/viz";
import { expect, it } from "vitest";
import * as menu from "./index.js";

/** For those who write methods or modules, under the name of their package. */
const plumbing: Readonly<Record<string, readonly string[]>> = {
  core: ["anatomyPart", "growsBatch", "lastPositions", "padRight", "skipOptions"],
  mlx: [
    "collect",
    "evaluateNow",
    "guardDtype",
    "hashFile",
    "isFloating",
    "release",
    "releaseOld",
    "sliceForProduct",
    "uniformNumbers",
    "verifyFiles",
  ],
  models: ["listParameters", "setParameters"],
};

it.each(Object.entries({ analysis, core, data, interventions, mlx, models, viz }))(
  "offers what %s offers",
  (name, members) => {
    const expected = Object.keys(members).filter((member) => !plumbing[name]?.includes(member));
    expect(expected.filter((member) => !(member in menu))).toEqual([]);
    for (const member of expected) {
      expect(Reflect.get(menu, member), member).toBe(Reflect.get(members, member));
    }
  },
);
