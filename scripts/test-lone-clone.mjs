/** The tests of families from a clone of HEAD with nothing beside it: what a stranger has. Arguments replace the filter. */

import { run, runScript, scriptArguments } from "./lib/commands.mjs";
import { inLoneClone } from "./lib/lone-clone.mjs";

const shipped = ["packages/models/src/families"];

/** Nothing is looked for elsewhere either; and sweeps are short, since the tests of the checkout go over all families. */
const alone = {
  MLXTERP_SHARED: undefined,
  MLXTERP_REFERENCES: undefined,
  MLXTERP_SWEEPS: undefined,
};

runScript(() => {
  const given = scriptArguments();
  const filters = given.length > 0 ? given : shipped;
  return inLoneClone((cwd) =>
    run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...filters], {
      cwd,
      env: alone,
    }),
  );
});
