/** Compiles all examples in one program, with the options and against the sources of the repository. */
import { join } from "node:path";
import ts from "typescript";
import { root } from "../workspace.js";
import type { FixtureSetName } from "./fixtures.js";
import type { ParsedExample } from "./names.js";

/** Beside the sources of `mlxterp`, from where all packages can be imported; the files are never written. */
const virtualFolder = join(root, "packages/mlxterp/src");

/** An example as a module, and the line of it that the example's first statement is on. */
function moduleText({ example, imports, tree, statements, fromMenus, fixtures }: ParsedExample, set: FixtureSetName) {
  const taken = fromMenus.map(
    ({ name, typeOnly, from }) => `import { ${typeOnly ? "type " : ""}${name} } from "${from}";`,
  );
  const head = [
    ...taken,
    `import { ${set} as fixtures } from "../../../tests/support/examples/fixtures.js";`,
    ...imports.map((one) => one.getText(tree).replaceAll("\n", " ")),
    "export async function example() {",
    ...fixtures.map((name) => `let ${name} = await fixtures.${name}();`),
  ];
  const start = statements[0]?.getStart(tree) ?? example.code.length;
  const skipped = example.code.slice(0, start).split("\n").length - 1;
  return { text: `${head.join("\n")}\n${example.code.slice(start)}\n}\n`, offset: head.length - skipped };
}
