/** Where the names in an example come from: its own lines, a package's menu, or the fixtures. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { libraries } from "../workspace.js";
import type { Example } from "./collect.js";
import { fixtureSetOf, fixtureSets } from "./fixtures.js";

/** A name on a menu. */
interface MenuEntry {
  readonly name: string;
  readonly typeOnly: boolean;
  /** the package to import it from */
  readonly from: string;
}

/** The names a menu lists, and those of the menus, files and packages, that it passes on. */
function readMenu(file: string, from: string): Map<string, MenuEntry> {
  const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext);
  const exported = tree.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [];
    const { exportClause, moduleSpecifier } = statement;
    if (!exportClause && moduleSpecifier && ts.isStringLiteral(moduleSpecifier)) {
      const next = sourceOf(moduleSpecifier.text, file);
      return next === undefined ? [] : [...readMenu(next, from)];
    }
    if (!exportClause || !ts.isNamedExports(exportClause)) return [];
    return exportClause.elements.map(({ name, isTypeOnly }) => {
      const typeOnly = isTypeOnly || statement.isTypeOnly;
      return [name.text, { name: name.text, typeOnly, from }] as const;
    });
  });
  return new Map(exported);
}

/** The source of what a menu passes on: a file beside it, or another package. */
function sourceOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith(".")) {
    return join(dirname(importer), specifier.replace(/\.js$/, ".ts"));
  }
  const found = libraries.find(({ manifest }) => manifest.name === specifier);
  return found && join(found.folder, "src/index.ts");
}

const menus = new Map(
  libraries.map(({ manifest, folder }) => [
    manifest.name,
    readMenu(join(folder, "src/index.ts"), manifest.name),
  ]),
);

/** An example taken apart: its imports, the rest, and what it uses without saying where it is from. */
export interface ParsedExample {
  readonly example: Example;
  readonly tree: ts.SourceFile;
  readonly imports: readonly ts.ImportDeclaration[];
  /** the code after the imports */
  readonly body: string;
  readonly fromMenus: readonly MenuEntry[];
  readonly fixtures: readonly string[];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isBindingElement(element) ? boundNames(element.name) : [],
  );
}

/** What a statement declares for those beside it. */
function declaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  if (ts.isImportDeclaration(statement)) {
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) return [];
    return bindings.elements.map(({ name }) => name.text);
  }
  const declaration = ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement);
  return declaration && statement.name ? [statement.name.text] : [];
}

/** Whether an identifier stands for a value or type, and not for a member of one. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  return !ts.isClassElement(parent) || !("name" in parent) || parent.name !== node;
}

function referencesIn(nodes: readonly ts.Node[]): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && isReference(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  nodes.forEach(visit);
  return names;
}

/** An example runs inside of a function, where nothing is exported; as long as before, so that lines stay where they are. */
function withoutExports(code: string): string {
  return code.replace(/^export (?=const |function |class |async )/gm, "       ");
}

/** A name is taken from the menu of the example's package, else from that of `mlxterp`, else from the fixtures. */
export function parseExample(example: Example): ParsedExample {
  const tree = ts.createSourceFile("example.ts", example.code, ts.ScriptTarget.ESNext, true);
  const imports = tree.statements.filter(ts.isImportDeclaration);
  const statements = tree.statements.filter((statement) => !ts.isImportDeclaration(statement));
  const declared = new Set(tree.statements.flatMap(declaredBy));
  const open = [...referencesIn(statements)].filter((name) => !declared.has(name));
  const onMenu = (name: string) =>
    menus.get(example.package)?.get(name) ??
    menus.get("mlxterp")?.get(name) ??
    (example.package === "@mlxterp/results" ? menus.get("@mlxterp/mlx")?.get(name) : undefined); // its errors
  const fixtures = fixtureSets[fixtureSetOf(example.file)];
  const start = imports.at(-1)?.end ?? 0;
  return {
    ...{ example, tree, imports, body: withoutExports(example.code.slice(start)) },
    fromMenus: open.flatMap((name) => onMenu(name) ?? []),
    fixtures: open.filter((name) => !onMenu(name) && name in fixtures),
  };
}

/** Whether an example reads a checkpoint that does not come with the project, and so can be compiled only. */
export function needsCheckpoint({ tree }: ParsedExample): boolean {
  const loadsAnother = (node: ts.Node): boolean => {
    if (ts.isCallExpression(node) && node.expression.getText(tree) === "loadModel") {
      const [source] = node.arguments;
      if (!source || !ts.isStringLiteral(source) || source.text !== "tiny") return true;
    }
    return ts.forEachChild(node, loadsAnother) ?? false;
  };
  return loadsAnother(tree);
}
