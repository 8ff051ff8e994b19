/** Runs an example: its lines as a function, with the menus' names and the fixtures before them. */
import * as fs from "node:fs";
import { runInThisContext } from "node:vm";
import ts from "typescript";
import { expect } from "vitest";
import * as zod from "zod";
import * as analysis from "../../../packages/analysis/src/index.js";
import * as core from "../../../packages/core/src/index.js";
import * as data from "../../../packages/data/src/index.js";
import * as dictionaries from "../../../packages/dictionaries/src/index.js";
import * as interventions from "../../../packages/interventions/src/index.js";
import * as mlx from "../../../packages/mlx/src/index.js";
import * as mlxterp from "../../../packages/mlxterp/src/index.js";
import * as models from "../../../packages/models/src/index.js";
import * as results from "../../../packages/results/src/index.js";
import * as serverAgent from "../../../packages/server/src/agent/index.js";
import * as serverClient from "../../../packages/server/src/client/index.js";
import * as server from "../../../packages/server/src/index.js";
import * as viz from "../../../packages/viz/src/index.js";
import * as vizPng from "../../../packages/viz/src/png/index.js";
import { fixtureSetOf, fixtureSets } from "./fixtures.js";
import type { ParsedExample } from "./names.js";
import { withChecks } from "./stated-values.js";

/** What an example may import. */
const modules = {
  "@mlxterp/analysis": analysis,
  "@mlxterp/core": core,
  "@mlxterp/data": data,
  "@mlxterp/dictionaries": dictionaries,
  "@mlxterp/interventions": interventions,
  "@mlxterp/mlx": mlx,
  "@mlxterp/models": models,
  "@mlxterp/results": results,
  "@mlxterp/server": server,
  "@mlxterp/server/agent": serverAgent,
  "@mlxterp/server/client": serverClient,
  "@mlxterp/viz": viz,
  "@mlxterp/viz/png": vizPng,
  mlxterp,
  "node:fs": fs,
  zod,
};

type ExampleFunction = (
  imported: typeof modules,
  fixtures: object,
  expectEqual: (actual: unknown, stated: unknown) => void,
) => Promise<void>;

/** `import { a, type B } from "m"` as `const { a } = imported["m"]`. */
function importedNames(one: ts.ImportDeclaration): string {
  const bindings = one.importClause?.namedBindings;
  const named = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
  const values = named.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name.text);
  return `const { ${values.join(", ")} } = imported[${one.moduleSpecifier.getText()}];`;
}

function compile({ example, imports, fromMenus, fixtures, body }: ParsedExample): ExampleFunction {
  const head = [
    ...fromMenus
      .filter(({ typeOnly }) => !typeOnly)
      .map(({ name, from }) => `const { ${name} } = imported["${from}"];`),
    ...imports.map(importedNames),
    ...fixtures.map((name) => `let ${name} = await fixtures.${name}();`),
  ];
  const text = `(async (imported, fixtures, expectEqual) => {
${head.join("\n")}
{
${withChecks(body, "expectEqual")}
}
})`;
  // older than `using`, which this Node does not have
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  return runInThisContext(outputText, { filename: `${example.file} ${example.subject}` });
}

/** Runs an example in the current folder; what its comments state must be so. */
export async function runExample(parsed: ParsedExample): Promise<void> {
  const set = fixtureSets[fixtureSetOf(parsed.example.file)];
  await compile(parsed)(modules, set, (actual, stated) => expect(actual).toEqual(stated));
}
