/**
 * Compiles all examples in one program, with the options and against the sources of the repository, and by the compiler that
 * checks these: it runs in a process of its own, answers through an interface that is not final yet, and is pinned.
 */
import { join } from "node:path";
import {
  isBinaryExpression,
  isExpressionStatement,
  type Node,
  type SourceFile,
  SyntaxKind,
} from "typescript-native/unstable/ast";
import {
  API,
  type Checker,
  type Diagnostic,
  type Program,
  type Type,
} from "typescript-native/unstable/sync";
import { root } from "../workspace.js";
import { fixtureSetOf } from "./fixtures.js";
import type { ParsedExample } from "./names.js";

/** Beside the sources of `mlxterp`, from where all packages can be imported; nothing is written there. */
const folder = join(root, "packages/mlxterp/src");

/** An example as a module. */
interface ExampleModule {
  readonly parsed: ParsedExample;
  readonly text: string;
  /** lines of the module before the first of the example */
  readonly head: number;
}

function moduleOf(parsed: ParsedExample): ExampleModule {
  const { example, imports, tree, fromMenus, fixtures, body } = parsed;
  const head = [
    ...fromMenus.map(
      ({ name, typeOnly, from }) => `import { ${typeOnly ? "type " : ""}${name} } from "${from}";`,
    ),
    'import { fixtureSets } from "../../../tests/support/examples/fixtures.js";',
    ...imports.map((one) => one.getText(tree).replaceAll("\n", " ")),
    `const fixtures = fixtureSets.${fixtureSetOf(example.file)};`,
    "export async function example() {",
    ...fixtures.map((name) => `let ${name} = await fixtures.${name}();`),
  ];
  const skipped = example.code.slice(0, example.code.length - body.length).split("\n").length - 1;
  return { parsed, text: [...head, body, "}", ""].join("\n"), head: head.length - skipped };
}

/** A project of which nothing is written: its files, and the list of them. */
function openProject(api: API, settings: string) {
  const snapshot = api.updateSnapshot({ openProjects: [settings] });
  const project = snapshot.getProject(settings);
  if (!project) throw new Error(`The compiler has not opened ${settings}`);
  return project;
}

function isAssignment(node: Node): boolean {
  return isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.EqualsToken;
}

function statementsIn(file: SourceFile): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (isExpressionStatement(node) && !isAssignment(node.expression)) found.push(node.expression);
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

/** Promises and iterations that an example starts and does not wait for. */
function unawaited(file: SourceFile, checker: Checker): Node[] {
  const expressions = statementsIn(file);
  const waits = (type: Type) =>
    checker
      .getPropertiesOfType(type)
      .some(({ escapedName }) => /^(then$|__@asyncIterator)/.test(escapedName));
  return checker.getTypeAtLocation(expressions).flatMap((type, index) => {
    if (!type) throw new Error(`${expressions[index].getText(file)} has no type`);
    return waits(type) ? expressions[index] : [];
  });
}

/** A message with those that explain it, each a little further in. */
function textOf({ text, messageChain = [] }: Diagnostic): string {
  return [text, ...messageChain.map((next) => textOf(next).replace(/^/gm, "  "))].join("\n");
}

function problemsIn(module: ExampleModule, path: string, program: Program, checker: Checker) {
  const { example } = module.parsed;
  const file = program.getSourceFile(path);
  if (!file) throw new Error(`${example.file} ${example.subject} is not in the program`);
  const at = (position: number) => {
    const line = module.text.slice(0, position).split("\n").length - 1 - module.head;
    return `${example.file}:${example.line + line} ${example.subject}`;
  };
  const errors = [
    ...program.getSyntacticDiagnostics(path),
    ...program.getSemanticDiagnostics(path),
  ];
  return [
    ...errors.map((error) => `${at(error.pos)}: ${textOf(error)}`),
    ...unawaited(file, checker).map(
      (node) => `${at(node.getStart(file))}: is not awaited: ${node.getText(file)}`,
    ),
  ];
}

/** All examples and the menus of all packages, compiled. */
export interface CompiledExamples {
  readonly program: Program;
  readonly checker: Checker;
  /** the modules that examples have become */
  readonly paths: readonly string[];
  /** what the compiler has against an example */
  problems(parsed: ParsedExample): string[];
  /** ends the compiler's process */
  close(): void;
}

/** @param menus the packages' index files */
export function compileExamples(
  examples: readonly ParsedExample[],
  menus: readonly string[],
): CompiledExamples {
  const modules = new Map(
    examples.map((parsed, index) => [join(folder, `example-${index}.ts`), moduleOf(parsed)]),
  );
  const settings = join(folder, "examples.tsconfig.json");
  const listed = {
    extends: join(root, "tsconfig.base.json"),
    files: [...modules.keys(), ...menus],
  };
  const texts = new Map([...modules].map(([path, { text }]) => [path, text]));
  texts.set(settings, JSON.stringify(listed));
  const fs = {
    readFile: (path: string) => texts.get(path),
    fileExists: (path: string) => texts.has(path) || undefined, // the disk is asked for what is not here
  };
  const api = new API({ cwd: root, fs });
  const { program, checker } = openProject(api, settings);
  const paths = new Map([...modules].map(([path, module]) => [module.parsed, path]));
  const problems = (parsed: ParsedExample): string[] => {
    const path = paths.get(parsed) ?? "";
    const module = modules.get(path);
    if (!module) throw new Error(`${parsed.example.subject} has not been compiled`);
    return problemsIn(module, path, program, checker);
  };
  return { program, checker, paths: [...modules.keys()], problems, close: () => api.close() };
}
