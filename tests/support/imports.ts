/** Reads the imports of a source file, and whether anything of them is left when types are erased. */
import { readFileSync } from "node:fs";
import ts from "typescript";

/** One import, re-export, `import()` or `require()`. */
export interface Import {
  readonly from: string;
  /** nothing of it is left in the JavaScript */
  readonly typeOnly: boolean;
  /** loaded when a statement runs, and not with the file */
  readonly late: boolean;
}

function isTypeOnlyImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (!clause) return false; // import "./side-effect.js"
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  const onlyTypes = named && ts.isNamedImports(named) && named.elements.every((e) => e.isTypeOnly);
  return !clause.name && onlyTypes === true && named.elements.length > 0;
}

function isTypeOnlyExport(node: ts.ExportDeclaration): boolean {
  const clause = node.exportClause;
  if (node.isTypeOnly) return true;
  return !!clause && ts.isNamedExports(clause) && clause.elements.every((e) => e.isTypeOnly);
}

function calledModule(node: ts.CallExpression): string | undefined {
  const [argument] = node.arguments;
  if (!argument || !ts.isStringLiteralLike(argument)) return undefined;
  const imports = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const requires = /(^|\.)(require|resolve|createRequire\(.*\))$/s.test(node.expression.getText());
  return imports || requires ? argument.text : undefined;
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { from: node.moduleSpecifier.text, typeOnly: isTypeOnlyImport(node), late: false };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    const from = (node.moduleSpecifier as ts.StringLiteral).text;
    return { from, typeOnly: isTypeOnlyExport(node), late: false };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { from: (node.argument.literal as ts.StringLiteral).text, typeOnly: true, late: false };
  }
  const called = ts.isCallExpression(node) ? calledModule(node) : undefined;
  return called === undefined ? undefined : { from: called, typeOnly: false, late: true };
}

/** What any import inside of statements has; most files have none, and need not be walked. */
const inStatements = /\b(import|require|resolve)\b[^"'`]*\(/;

/** Every import in TypeScript source, in order. */
export function importsIn(source: string): Import[] {
  const jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  const options = { languageVersion: ts.ScriptTarget.ESNext, jsDocParsingMode };
  const deep = inStatements.test(source);
  const tree = ts.createSourceFile("file.ts", source, options, deep);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const one = importOf(node);
    if (one) found.push(one);
    if (deep) ts.forEachChild(node, visit);
  };
  ts.forEachChild(tree, visit);
  return found;
}

const read = new Map<string, readonly Import[]>();

/** Every import of a file, in order; each file is read once. */
export function importsOf(file: string): readonly Import[] {
  const found = read.get(file) ?? importsIn(readFileSync(file, "utf8"));
  read.set(file, found);
  return found;
}

/** The package that a bare specifier names: `@mlxterp/core` of `@mlxterp/core/sub`. */
export function packageOf(specifier: string): string | undefined {
  if (/^([./]|node:)/.test(specifier)) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
