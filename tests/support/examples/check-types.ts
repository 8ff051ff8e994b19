/** Compiles all examples in one program, with the options and against the sources of the repository. */
import { join } from "node:path";
import ts from "typescript";
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

function strictOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options;
}

function programOf(modules: ReadonlyMap<string, ExampleModule>, others: readonly string[]) {
  const options = strictOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => modules.has(path) || fileExists(path);
  host.readFile = (path) => modules.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = modules.get(path)?.text;
    if (text === undefined) return getSourceFile(path, language, ...rest);
    return ts.createSourceFile(path, text, language, true);
  };
  return ts.createProgram([...modules.keys(), ...others], options, host);
}

function isAssignment(node: ts.Expression): boolean {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

/** Promises and iterations that an example starts and does not wait for. */
function unawaited(file: ts.SourceFile, checker: ts.TypeChecker): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && !isAssignment(node.expression)) {
      const type = checker.getTypeAtLocation(node.expression);
      const members = type.getProperties().map(({ escapedName }) => String(escapedName));
      if (members.some((name) => name === "then" || name.startsWith("__@asyncIterator"))) {
        found.push(node);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function problemsIn(module: ExampleModule, file: ts.SourceFile, program: ts.Program): string[] {
  const { example } = module.parsed;
  const at = (position: number) => {
    const line = file.getLineAndCharacterOfPosition(position).line - module.head;
    return `${example.file}:${example.line + line} ${example.subject}`;
  };
  const errors = [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ];
  const floating = unawaited(file, program.getTypeChecker());
  return [
    ...errors.map(
      ({ start = 0, messageText }) =>
        `${at(start)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
    ...floating.map((node) => `${at(node.getStart())}: is not awaited: ${node.getText()}`),
  ];
}

/** All examples and the menus of all packages, compiled. */
export interface CompiledExamples {
  readonly program: ts.Program;
  /** what the compiler has against an example */
  problems(parsed: ParsedExample): string[];
}

/** @param menus the packages' index files */
export function compileExamples(
  examples: readonly ParsedExample[],
  menus: readonly string[],
): CompiledExamples {
  const modules = new Map(
    examples.map((parsed, index) => [join(folder, `example-${index}.ts`), moduleOf(parsed)]),
  );
  const program = programOf(modules, menus);
  const paths = new Map([...modules].map(([path, module]) => [module.parsed, path]));
  const problems = (parsed: ParsedExample): string[] => {
    const path = paths.get(parsed) ?? "";
    const [module, file] = [modules.get(path), program.getSourceFile(path)];
    if (!module || !file) throw new Error(`${parsed.example.subject} has not been compiled`);
    return problemsIn(module, file, program);
  };
  return { program, problems };
}
